package flow

import (
	"errors"
	"testing"
)

func TestWhoWatches(t *testing.T) {
	for text, want := range map[string]error{
		"group_id=1,type=ff,bucket=watch_port:1,actions=output:1":       nil,
		"group_id=1,type=ff,bucket=actions=output:1":                    errWatch,
		"group_id=1,type=select,bucket=watch_port:1,actions=output:1":   nil,
		"group_id=1,type=select,bucket=actions=output:1":                nil,
		"group_id=1,type=all,bucket=watch_port:1,actions=output:1":      errWatch,
		"group_id=1,type=indirect,bucket=watch_port:1,actions=output:1": errWatch,
	} {
		if _, err := ParseGroup(text); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", text, err, want)
		}
	}
}
