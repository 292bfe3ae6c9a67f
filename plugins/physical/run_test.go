package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"

	"github.com/flowhost/flowhost/internal/ovn/feed"
	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/flow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorder is a host that knows what it was told.
type recorder struct {
	events chan sdk.Event

	mu      sync.Mutex
	state   sdk.SwitchState // at the start
	status  string
	held    map[uuid.UUID][]flow.Flow
	marks   map[string]string
	commits [][]feed.Operation
	synced  bool
}

func (r *recorder) Events() <-chan sdk.Event        { return r.events }
func (r *recorder) Switch() sdk.SwitchState         { return r.state }
func (r *recorder) SyncBegin(context.Context) error { return nil }

func (r *recorder) Status(_ bool, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = text
}

func (r *recorder) SyncDone(context.Context) (sdk.Revision, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.synced = true
	return 1, nil
}

func (r *recorder) Commit(_ context.Context, operations []feed.Operation, marks []feed.Mark) (sdk.Revision, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.commits = append(r.commits, operations)
	for _, o := range operations {
		r.held[o.ID] = o.Flows
	}
	for _, m := range marks {
		r.marks[m.Name] = m.Value
	}
	return 0, nil
}

// await waits until the host is told everything and is as check wants it.
func (r *recorder) await(t *testing.T, check func() error) {
	t.Helper()
	ovstest.Eventually(t, 20*time.Second, func() error {
		r.mu.Lock()
		defer r.mu.Unlock()
		if !r.synced {
			return errors.New("not synced")
		}
		return check()
	})
}

// text is the flows of a table, sorted, without their cookies.
func (r *recorder) text(table flow.TableID) string {
	var list []string
	for _, flows := range r.held {
		for _, f := range flows {
			if f.Cookie = 0; f.Table == table {
				list = append(list, f.String())
			}
		}
	}
	slices.Sort(list)
	return strings.Join(list, "\n")
}

func start(t *testing.T, ovsdb string, state sdk.SwitchState) (*recorder, *questions) {
	r := &recorder{state: state, events: make(chan sdk.Event), held: map[uuid.UUID][]flow.Flow{}, marks: map[string]string{}}
	ctx, cancel := context.WithCancel(context.Background())
	ended, q := make(chan error), new(questions)
	go func() {
		ended <- run(ctx, r, q, config{ovsdb: ovsdb, bridge: "br-int", logger: hclog.NewNullLogger()})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("run ended with %v", err)
		}
		close(r.events)
	})
	return r, q
}

func uuidOf(t *testing.T, s *ovstest.Sandbox, table, port string) string {
	t.Helper()
	return strings.TrimSpace(s.Sbctl(t, "--bare", "--columns=_uuid", "find", table, "logical_port="+port))
}

// The flows of real rows; the mark of a port that is bound here; and that both follow what happens, a port's number in one transaction.
func TestFollowsRows(t *testing.T) {
	s := southbound(t)
	c := chassis(t, s)
	r, q := start(t, c.OVSDB(), sdk.SwitchState{Connected: true})
	vif := uuidOf(t, s, "Port_Binding", "vif")
	r.await(t, func() error {
		want := "priority=0 actions=drop\n" +
			"priority=100,in_port=1 actions=set_field:0x5->reg13,set_field:0x6->reg11,set_field:0x7->reg12,set_field:0x7->metadata,set_field:0x3->reg14,resubmit(,8)\n" +
			"priority=100,in_port=2 actions=move:NXM_NX_TUN_ID[12..23]->NXM_NX_REG15[0..11],move:NXM_NX_TUN_ID[0..11]->OXM_OF_METADATA[0..11],resubmit(,40)\n" +
			"priority=105,tun_id=0x800000/0x800000,in_port=2 actions=set_field:0x8000/0x8000->reg15," +
			"move:NXM_NX_TUN_ID[12..22]->NXM_NX_REG15[0..10],move:NXM_NX_TUN_ID[0..11]->OXM_OF_METADATA[0..11],resubmit(,40)"
		if got := r.text(0); got != want {
			return fmt.Errorf("table 0:\n%s", got)
		}
		if got := r.text(39); !strings.Contains(got, "reg15=0x8000,metadata=0x7 actions=set_field:0x800007/0xffffff->tun_id,output:2,resubmit(,40)") {
			return fmt.Errorf("table 39:\n%s", got)
		}
		if got := r.marks["port/"+vif]; got != "1" {
			return fmt.Errorf("marks: %v", r.marks)
		}
		return nil
	})
	d, err := q.describe(t.Context(), uuid.MustParse(vif))
	if err != nil || d.Text != "Port_Binding vif" {
		t.Errorf("described as %v, %v", d, err)
	}
	text, err := q.dependencies(t.Context(), []string{"vif"})
	for _, want := range []string{"interface vif", "zone vif", "binding " + vif} {
		if err != nil || !strings.Contains(text, want) {
			t.Errorf("dependencies: %q, %v; want %q", text, err, want)
		}
	}
	if _, err := q.describe(t.Context(), uuid.New()); !errors.Is(err, errUnknown) {
		t.Errorf("something unknown: %v", err)
	}

	r.mu.Lock()
	r.commits = nil
	r.mu.Unlock()
	c.Vsctl(t, "set", "Interface", "vif", "ofport=9")
	r.await(t, func() error {
		if got := r.marks["port/"+vif]; got != "9" {
			return fmt.Errorf("marks: %v", r.marks)
		}
		for _, operations := range r.commits {
			for _, o := range operations {
				if len(r.commits) != 1 || o.ID.String() != vif && len(o.Flows) != 2 {
					return fmt.Errorf("%d transactions, %v", len(r.commits), o)
				}
			}
		}
		return nil
	})
	s.Sbctl(t, "lsp-unbind", "vif")
	r.await(t, func() error {
		if got := r.marks["port/"+vif]; got != "0" {
			return fmt.Errorf("marks: %v", r.marks)
		}
		return nil
	})
	c.Vsctl(t, "del-port", "vif")
	r.await(t, func() error {
		if got := r.marks["port/"+vif]; got != "" || strings.Contains(r.text(0), "in_port=9") {
			return fmt.Errorf("marks: %v, table 0:\n%s", r.marks, r.text(0))
		}
		return nil
	})
}

// A port's packets are not tracked together with others': what writes its zone is there when the zone is, and so is what its mark says.
func TestWaitsForZone(t *testing.T) {
	s := southbound(t)
	c := chassis(t, s)
	vif := uuidOf(t, s, "Port_Binding", "vif")
	c.Vsctl(t, "remove", "Bridge", "br-int", "external_ids", "ct-zone-vif")
	r, _ := start(t, c.OVSDB(), sdk.SwitchState{Connected: true})
	r.await(t, func() error {
		if got := r.text(0) + r.text(40); strings.Contains(got, "in_port=1 ") || strings.Contains(got, "reg15=0x3,") {
			return fmt.Errorf("tables 0 and 40:\n%s", got)
		}
		if got := r.marks["port/"+vif]; got != "0" {
			return fmt.Errorf("marks: %v", r.marks)
		}
		return nil
	})
	c.Vsctl(t, "set", "Bridge", "br-int", "external_ids:ct-zone-vif=77")
	r.await(t, func() error {
		got := r.text(0) + r.text(40)
		if !strings.Contains(got, "in_port=1 actions=set_field:0x4d->reg13") || !strings.Contains(got, "reg15=0x3,metadata=0x7 actions=set_field:0x4d->reg13") {
			return fmt.Errorf("tables 0 and 40:\n%s", got)
		}
		if got := r.marks["port/"+vif]; got != "1" {
			return fmt.Errorf("marks: %v", r.marks)
		}
		return nil
	})
	c.Vsctl(t, "set", "Bridge", "br-int", "external_ids:ct-zone-vif=0") // as a router may ask for
	r.await(t, func() error {
		if got := r.text(0); !strings.Contains(got, "in_port=1 actions=set_field:0x6->reg11") {
			return fmt.Errorf("table 0:\n%s", got)
		}
		return nil
	})
}

// SyncDone deletes: it is not said before it is known which field of the switch has OVN's Geneve option.
func TestWaitsForSwitch(t *testing.T) {
	s := southbound(t)
	c := chassis(t, s)
	c.Vsctl(t, "set", "Interface", "hv2", "type=geneve")
	r, _ := start(t, c.OVSDB(), sdk.SwitchState{Geneve: sdk.NoGeneve})
	ovstest.Eventually(t, 20*time.Second, func() error {
		r.mu.Lock()
		defer r.mu.Unlock()
		if !strings.HasPrefix(r.status, "waiting for the switch") || !strings.Contains(r.text(0), "in_port=1 ") {
			return fmt.Errorf("status %q, table 0:\n%s", r.status, r.text(0))
		}
		return nil
	})
	r.mu.Lock()
	if got := r.text(0); r.synced || strings.Contains(got, "in_port=2 ") {
		t.Errorf("synced: %v, table 0:\n%s", r.synced, got)
	}
	r.mu.Unlock()
	r.events <- sdk.SwitchState{Geneve: sdk.NoGeneve}
	r.events <- sdk.SwitchState{Connected: true, Geneve: 3}
	r.await(t, func() error {
		if got := r.text(0); !strings.Contains(got, "in_port=2 actions=move:NXM_NX_TUN_ID[0..23]->OXM_OF_METADATA[0..23],move:NXM_NX_TUN_METADATA3[16..30]") {
			return fmt.Errorf("table 0:\n%s", got)
		}
		return nil
	})
}
