package feed

import (
	"context"
	"errors"
	"testing"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/sdk"
)

// Questions are answered in the goroutine that takes them, or not at all while nobody does.
func TestSubject(t *testing.T) {
	var s Subject[int]
	ctx, cancel := context.WithCancel(context.Background())
	ask := func(n *int) error { return s.Ask(ctx, func(is int) error { *n = is; return nil }) }
	var n int
	if err := ask(&n); !errors.Is(err, ErrNoSession) {
		t.Errorf("before: %v", err)
	}
	asks, end := s.Is(7)
	go func() { (<-asks)(nil) }()
	if err := ask(&n); err != nil || n != 7 {
		t.Errorf("%d, %v", n, err)
	}
	wrong := errors.New("wrong")
	go func() { (<-asks)(nil) }()
	if err := s.Ask(ctx, func(int) error { return wrong }); !errors.Is(err, wrong) {
		t.Errorf("an error of the question's own: %v", err)
	}
	go func() { (<-asks)(nil) }()
	if client, err := s.Southbound(ctx); client != nil || !errors.Is(err, ErrNoSession) {
		t.Errorf("no southbound database: %v, %v", client, err)
	}
	go func() { (<-asks)(new(ovsdb.Client)) }()
	if client, err := s.Southbound(ctx); client == nil || err != nil {
		t.Errorf("southbound database: %v, %v", client, err)
	}
	cancel()
	if err := ask(&n); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody takes it: %v", err)
	}
	end()
	if err := ask(&n); !errors.Is(err, ErrNoSession) {
		t.Errorf("after: %v", err)
	}
}

// Of what the host said nothing is lost while nobody looks, and only the last state of the switch matters.
func TestEvents(t *testing.T) {
	e := &events{news: make(chan struct{}, 1)}
	for _, event := range []sdk.Event{sdk.SwitchState{Geneve: 2}, sdk.Resync{}, sdk.Installed{Revision: 4}, sdk.SwitchState{Geneve: 3},
		sdk.MarkInstalled{Name: "a"}, sdk.Installed{Revision: 7}, sdk.MarkInstalled{Name: "b"}} {
		e.put(event)
	}
	<-e.news
	said := e.take()
	if said.state == nil || said.state.Geneve != 3 || said.installed != 7 || !said.resync {
		t.Errorf("%+v", said)
	}
	if len(said.marks) != 2 || said.marks[1].Name != "b" {
		t.Errorf("marks: %v", said.marks)
	}
	if said := e.take(); said.state != nil || said.resync || len(said.marks) != 0 || len(e.news) != 0 {
		t.Errorf("taken twice: %+v", said)
	}
}

func TestEndpoint(t *testing.T) {
	for _, test := range [][3]string{
		{"", "", "unix:/var/run/openvswitch/db.sock"},
		{"", "/run/x", "unix:/run/x/db.sock"},
		{"tcp:127.0.0.1:6640", "/run/x", "tcp:127.0.0.1:6640"},
	} {
		t.Setenv("FLOWHOST_OVSDB", test[0])
		t.Setenv("OVS_RUNDIR", test[1])
		if got := Endpoint(); got != test[2] {
			t.Errorf("FLOWHOST_OVSDB=%q, OVS_RUNDIR=%q: %q, want %q", test[0], test[1], got, test[2])
		}
	}
}
