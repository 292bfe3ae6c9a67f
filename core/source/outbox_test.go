package source

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/flowhost/flowhost/core/apply"
	"github.com/flowhost/flowhost/core/table"
	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// said shows what is queued, in short.
func said(o *outbox) (list []string) {
	for _, m := range o.take() {
		switch m := m.Message.(type) {
		case *pb.HostMessage_Committed:
			list = append(list, fmt.Sprintf("committed %d", m.Committed.Txn))
		case *pb.HostMessage_Installed:
			list = append(list, fmt.Sprintf("installed %d", m.Installed.Txn))
		default:
			list = append(list, fmt.Sprintf("%T", m))
		}
	}
	return list
}

func installedEvent(txn uint64, revision table.Revision) []table.Event {
	return []table.Event{{Kind: table.EventInstalled, Txn: txn, Revision: revision}}
}

func TestInstalledComesAfterCommitted(t *testing.T) {
	o := newOutbox(func(err error) { t.Error(err) })
	o.Events(installedEvent(900, 5)) // of the session before
	o.Events(installedEvent(1, 7))   // the loop is ahead
	if got := said(o); got != nil {
		t.Errorf("said %v", got)
	}
	o.commit(1, 7)
	o.Events(installedEvent(901, 6)) // of the session before
	o.commit(2, 9)
	o.Events(installedEvent(2, 9))
	o.commit(3, 0) // a SyncBegin
	o.synced(4, 10)
	o.Events(installedEvent(0, 10)) // of the SyncDone, for which the table has no number
	want := []string{"committed 1", "installed 1", "committed 2", "installed 2", "committed 3", "committed 4", "installed 4"}
	if got := said(o); !slices.Equal(got, want) {
		t.Errorf("said %v\nwant %v", got, want)
	}
}

// TestManyInstalledAtOnce has the switch come back after a long time, in which the source has committed more than its queue holds.
func TestManyInstalledAtOnce(t *testing.T) {
	o := newOutbox(func(err error) { t.Error(err) })
	const n = maxQueue + 1
	for i := range uint64(n) {
		o.commit(i+1, table.Revision(i+1))
		o.take()
	}
	var events []table.Event
	for i := range uint64(n) {
		events = append(events, installedEvent(i+1, table.Revision(i+1))...)
	}
	o.Events(events)
	if got, want := said(o), []string{fmt.Sprintf("installed %d", n)}; !slices.Equal(got, want) {
		t.Errorf("said %d messages, want %v", len(got), want)
	}

	refused := installedEvent(n+2, n)
	refused[0].Refused = []table.Refusal{{Err: errors.New("no")}}
	o.Events(installedEvent(n+1, n))
	o.Events(refused)
	o.Events(installedEvent(n+3, n))
	if got := said(o); len(got) != 3 {
		t.Errorf("said %v: what is refused is of one of them", got)
	}
}

func TestFullOutboxCutsOff(t *testing.T) {
	var reason error
	o := newOutbox(func(err error) { reason = err })
	for range maxQueue {
		o.SwitchChanged(apply.SwitchState{})
	}
	if reason != nil {
		t.Fatal(reason)
	}
	o.SwitchChanged(apply.SwitchState{})
	if !errors.Is(reason, ErrSlowReader) || len(o.queue) != maxQueue {
		t.Errorf("reason = %v, %d queued", reason, len(o.queue))
	}
}
