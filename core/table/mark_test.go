package table

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestMarksHaveLimits(t *testing.T) {
	table := New(Options{})
	owner, err := table.AddOwner(everything("lflow", 1))
	if err != nil {
		t.Fatal(err)
	}
	commit := func(marks ...Mark) error {
		_, err := table.Commit(&Txn{Owner: owner, Marks: marks}, time.Time{})
		return err
	}
	for name, c := range map[string]struct {
		marks []Mark
		want  error
	}{
		"no name":  {[]Mark{{"", "1"}}, ErrBadOp},
		"too long": {[]Mark{{"a", strings.Repeat("x", MaxMarkBytes)}}, ErrTooBig},
		"too many": {make([]Mark, MaxTxnMarks+1), ErrTooBig},
	} {
		if err := commit(c.marks...); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	for n := range MaxMarks { // the switch is not connected: all are on their way
		if err := commit(Mark{fmt.Sprint(n), "1"}); err != nil {
			t.Fatalf("mark %d: %v", n, err)
		}
	}
	if err := commit(Mark{"one more", "1"}); !errors.Is(err, ErrQuota) {
		t.Errorf("one more: %v, want ErrQuota", err)
	}
	table.SessionEnded(owner, time.Time{})
	table.SyncBegin(owner, time.Time{})
	table.SessionEnded(owner, time.Time{})
	if err := commit(Mark{"one more", "1"}); err != nil {
		t.Errorf("after the session's end: %v", err)
	}
}
