package sdktest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/flow"
	"github.com/flowhost/flowhost/sdk/sdktest"
)

// fenced may do a little of everything.
var fenced = sdktest.Options{
	Slot:   7,
	Tables: []sdk.Range{{First: 3, Last: 4}}, Priorities: []sdk.Range{{First: 1, Last: 100}}, MaxFlows: 3,
	Groups: []sdk.Range{{First: 5, Last: 5}}, Meters: []sdk.Range{{First: 6, Last: 6}},
	Conjunctions: []sdk.Range{{First: 8, Last: 8}}, Zones: []sdk.Range{{First: 9, Last: 9}},
	Controllers: []sdk.Range{{First: 0, Last: 0}}, UserData: []string{"\x00\x01"}, PacketOut: []sdk.Range{{First: 3, Last: 3}},
}

// TestEveryFence breaks each rule by itself, in a transaction whose first operation breaks none. Nothing of it is done, and the error
// names what was wrong.
func TestEveryFence(t *testing.T) {
	for _, c := range []struct {
		flow string
		want error
		name string // what the error names
	}{
		{"table=5,priority=1 actions=drop", sdk.ErrFenced, "table 5"},
		{"table=3,priority=101 actions=drop", sdk.ErrFenced, "priority 101"},
		{"table=3,priority=1 actions=group:4", sdk.ErrFenced, "group 4"},
		{"table=3,priority=1 actions=meter:7,output:1", sdk.ErrFenced, "meter 7"},
		{"table=3,priority=1 actions=conjunction(9,1/2)", sdk.ErrFenced, "conjunction id 9"},
		{"table=3,priority=1 actions=learn(table=5,priority=1,cookie=0x700000000000000)", sdk.ErrFenced, "learn into table 5"},
		{"table=3,priority=1 actions=learn(table=4,priority=101,cookie=0x700000000000000)", sdk.ErrFenced, "learn with priority 101"},
		{"table=3,priority=1 actions=learn(table=4,priority=1,cookie=0x800000000000000)", sdk.ErrFenced, "slot 7"},
		{"table=3,priority=1 actions=controller(userdata=00.02.00.00)", sdk.ErrFenced, "user data 00020000"},
		{"table=3,priority=1 actions=controller(id=1,userdata=00.01.00.00)", sdk.ErrFenced, "controller 1"},
		{"table=3,priority=1 actions=controller", sdk.ErrFenced, "controller 0"},
		// However deep it is.
		{"table=3,priority=1 actions=clone(clone(group:4))", sdk.ErrFenced, "group 4"},
		{"table=3,priority=1,ip actions=ct(commit,exec(set_field:1->ct_mark)),clone(controller(userdata=00.02))", sdk.ErrFenced, "user data 0002"},
		{"table=3,priority=1 actions=write_actions(group:4)", sdk.ErrFenced, "group 4"},
		// What the switch could not have, or nobody can want.
		{"table=254,priority=1 actions=drop", sdk.ErrBadFlow, "table"},
		{"table=3,priority=1,tcp actions=fin_timeout(idle_timeout=1)", sdk.ErrBadActions, "fin_timeout"},
		{"table=3,priority=1 actions=group:5", sdk.ErrUnset, "group 5"},
		{"table=3,priority=1 actions=meter:6,output:1", sdk.ErrUnset, "meter 6"},
	} {
		t.Run(c.flow, func(t *testing.T) {
			f, err := flow.ParseFlow(c.flow)
			if err != nil {
				f = must(flow.ParseFlow(strings.Replace(c.flow, "table=254", "table=3", 1)))
				f.Table = 254
			}
			h := session(t, fenced, func(ctx context.Context, h *sdk.Host) {
				_, err := txn(h, func(t *sdk.Txn) { t.Add(other, fine(0)); t.Add(thing, f) }).Commit(ctx)
				var r *sdk.RejectedError
				if !errors.Is(err, c.want) || !errors.As(err, &r) || r.Op != 1 || r.UUID != thing || !strings.Contains(r.Text, c.name) {
					t.Errorf("err = %v, want %v that names %q", err, c.want, c.name)
				}
			})
			h.WaitSettled()
			if flows := h.Flows(); flows != "" {
				t.Errorf("half of it was done:\n%s", flows)
			}
		})
	}
}

// fine is flow n of those that the fence allows.
func fine(n int) flow.Flow {
	return must(flow.ParseFlow(fmt.Sprintf("table=4,priority=1,metadata=%d actions=conjunction(8,1/2)", n)))
}

func TestQuotas(t *testing.T) {
	h := session(t, fenced, func(ctx context.Context, h *sdk.Host) {
		add := func(n int) error {
			_, err := txn(h, func(t *sdk.Txn) { t.Add(uuid.UUID{byte(n)}, fine(n)) }).Commit(ctx)
			return err
		}
		for n := range 3 {
			if err := add(n); err != nil {
				t.Errorf("flow %d: %v", n, err)
			}
		}
		if err := add(3); !errors.Is(err, sdk.ErrQuota) || !strings.Contains(err.Error(), "4 flows, 3 are allowed") {
			t.Errorf("one flow too many: %v", err)
		}
		many := make([]flow.Flow, 70_000)
		for n := range many {
			many[n] = fine(n)
		}
		if _, err := txn(h, func(t *sdk.Txn) { t.Add(thing, many...) }).Commit(ctx); !errors.Is(err, sdk.ErrTooLarge) {
			t.Errorf("70,000 flows at once: %v", err)
		}
	})
	h.WaitSettled()
	if n := strings.Count(h.Flows(), "\n"); n != 3 {
		t.Errorf("%d flows, want the three", n)
	}
}

func TestRate(t *testing.T) {
	session(t, sdktest.Options{Rate: 5}, func(ctx context.Context, h *sdk.Host) {
		refused := 0
		for n := range 200 { // far more than a machine out of breath could spread over the seconds that they would be allowed in
			_, err := txn(h, func(t *sdk.Txn) { t.Add(uuid.UUID{byte(n)}, fine(n)) }).Commit(ctx)
			switch {
			case err == nil:
			case errors.Is(err, sdk.ErrQuota):
				refused++
			default:
				t.Fatal(err)
			}
		}
		if refused == 0 {
			t.Error("200 transactions at once were all taken, at 5 a second")
		}
	})
}
