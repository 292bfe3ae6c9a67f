package ovstest

import (
	"strings"
	"testing"
)

func TestControl(t *testing.T) {
	s := Start(t, Options{})
	for _, name := range []string{OVSDB, Vswitchd} {
		if out, err := s.Control(name, "version"); err != nil || !strings.Contains(out, "Open vSwitch") {
			t.Errorf("%s says %q, %v", name, out, err)
		}
	}
	if _, err := s.Control(Vswitchd, "bridge/dump-flows", "no-bridge"); err == nil || !strings.Contains(err.Error(), "no-bridge") {
		t.Errorf("a bridge that is not: %v", err)
	}
	s.Stop(t, Vswitchd)
	if _, err := s.Control(Vswitchd, "version"); err == nil {
		t.Error("a daemon that does not run answers")
	}
}
