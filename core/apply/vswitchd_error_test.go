package apply

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/flowhost/flowhost/sdk/flow"
)

// goodFlows is how many good flows are among the bad ones.
const goodFlows = 10_000

// badFlows are flows that ovs-vswitchd refuses, by number, and the error it has for each. They name meter 8.
func badFlows(t *testing.T) (flows map[int]flow.Flow, errs map[int]string) {
	flows, errs = make(map[int]flow.Flow), make(map[int]string)
	for n := 1000; n < goodFlows; n += 1000 {
		// An output to 0xfffffff0, which is no port (OpenFlow 1.5 §7.2.1.1, §7.2.6.1).
		flows[n] = withActions(n, "\x00\x04\x00\x18\x00\x00\x00\x00"+"\x00\x00\x00\x10\xff\xff\xff\xf0\x00\x00\x00\x00\x00\x00\x00\x00")
		errs[n] = "OFPBAC_BAD_OUT_PORT"
		// No Geneve option is mapped to the field.
		flows[n+1] = parsed(t, fmt.Sprintf("reg0=%d,tun_metadata5=1,actions=drop", n+1))
		errs[n+1] = "NXFMFC_INVALID_TLV_FIELD"
		// A meter with a band that the datapath does not have.
		flows[n+2] = throughMeter(n+2, 8)
		errs[n+2] = "meter 8: OFPMMFC_BAD_BAND"
	}
	return flows, errs
}

// manyWays runs a test with its operations in one transaction, and in a hundred.
func manyWays(t *testing.T, test func(t *testing.T, commit func(*client, []table.Op) uint64)) {
	for name, parts := range map[string]int{"in one transaction": 1, "in many": 100} {
		t.Run(name, func(t *testing.T) {
			test(t, func(c *client, ops []table.Op) (txn uint64) {
				for part := range slices.Chunk(ops, (len(ops)+parts-1)/parts) {
					txn = c.mustCommit(part...)
				}
				return txn
			})
		})
	}
}

// unharmed fails the test if the connection was lost.
func unharmed(t *testing.T, l *Loop, since time.Time) {
	t.Helper()
	if st := status(t, l); st.Phase != Steady || st.Since != since {
		t.Errorf("phase %v since %v, want steady since %v: the connection was lost", st.Phase, st.Since, since)
	}
}

// TestVswitchdErrors has the switch refuse flows for reasons of its own, in both stages, among many good ones: all of those are in,
// the owner hears of each bad one by its error, and another owner's flow takes its place. When the cause goes, it recovers.
func TestVswitchdErrors(t *testing.T) {
	dscp, err := flow.NewMeter(8, flow.MeterKbps, flow.Band{Type: flow.BandDSCPRemark, Rate: 1000, PrecLevel: 1})
	if err != nil {
		t.Fatal(err)
	}
	bad, errs := badFlows(t)
	manyWays(t, func(t *testing.T, commit func(*client, []table.Op) uint64) {
		s, l, alice := realLoop(t, 1)
		bob := attach(t, l, "bob")
		since := status(t, l).Since
		heir := numbered(1000) // bob's flow in the key of a bad one of alice's, who goes before him by her UUID
		heir.Key = bad[1000].Key
		bob.mustCommit(table.Op{Kind: table.OpAdd, UUID: id(1 << 20), Flows: []flow.Flow{heir}})

		ops := []table.Op{{Kind: table.OpSetMeter, ID: 8, Body: MeterBody(dscp)}}
		for n := 2; n <= goodFlows; n++ {
			f, is := bad[n]
			if !is {
				f = numbered(n)
			}
			ops = append(ops, addFlow(n, f))
		}
		alice.awaitInstalled(commit(alice, ops))
		awaitFlows(t, s, goodFlows-len(bad)+1) // and the heir
		for n, want := range errs {
			e := alice.await("refused", func(e table.Event) bool { return e.Kind == table.EventRefused && e.UUID == id(n) })
			if e.Err.Error() != want {
				t.Errorf("flow %d refused by %v, want %s", n, e.Err, want)
			}
		}
		bob.await("won", func(e table.Event) bool { return e.Kind == table.EventWon })
		unharmed(t, l, since)

		s.Ofctl(t, "add-tlv-map", ovstest.Bridge, "{class=0xffff,type=1,len=4}->tun_metadata5")
		alice.awaitInstalled(alice.mustCommit(table.Op{Kind: table.OpSetMeter, ID: 8, Body: dropMeter(t, 100)}))
		for n := range bad {
			if errs[n] != "OFPBAC_BAD_OUT_PORT" {
				alice.await("recovered", func(e table.Event) bool { return e.Kind == table.EventRecovered && e.UUID == id(n) })
			}
		}
		awaitFlows(t, s, goodFlows-len(bad)/3+1)
		if told := alice.heard(func(e table.Event) bool { return e.Kind == table.EventRefused && e.UUID == id(1000) }); told != 1 {
			t.Errorf("told %d times of a flow that is refused again and again, want once", told)
		}
		unharmed(t, l, since)
	})
}

func TestVswitchdTableFull(t *testing.T) {
	const limit = goodFlows
	manyWays(t, func(t *testing.T, commit func(*client, []table.Op) uint64) {
		s, l, alice := realLoop(t, 1)
		since := status(t, l).Since
		s.Vsctl(t, "--", "--id=@t", "create", "flow_table", fmt.Sprint("flow_limit=", limit), "--", "set", "bridge", ovstest.Bridge, "flow_tables:10=@t")
		var ops []table.Op
		for n := 2; n <= limit+50; n++ {
			ops = append(ops, addFlow(n, numbered(n)))
		}
		alice.awaitInstalled(commit(alice, ops))
		awaitFlows(t, s, limit)
		full := func(e table.Event) bool { return e.Kind == table.EventRefused && e.Err.Error() == "OFPFMFC_TABLE_FULL" }
		if n := alice.heard(full); n != 50 {
			t.Errorf("told of %d refused, want 50", n)
		}

		// An atomic transaction that does not fit is refused as a whole; what it removes stays.
		var err error
		eventually(t, "not busy with trying the others again", func() bool {
			_, err = alice.commit(true, addFlow(limit+100, numbered(limit+100)), addFlow(limit+101, numbered(limit+101)),
				table.Op{Kind: table.OpRemove, UUID: id(1)})
			return !errors.Is(err, table.ErrBusy)
		})
		if !errors.Is(err, ErrRefused) {
			t.Errorf("error %v, want %v", err, ErrRefused)
		}
		flows := awaitFlows(t, s, limit)
		if !slices.ContainsFunc(flows, func(f string) bool { return f == numberedText(1) }) {
			t.Errorf("flow 1 is gone, %q and so on are there", flows[:3])
		}

		s.Vsctl(t, "clear", "bridge", ovstest.Bridge, "flow_tables")
		awaitFlows(t, s, limit+50)
		unharmed(t, l, since)
	})
}

// numberedText is alice's flow n as flowsOf shows it.
func numberedText(n int) string {
	return fmt.Sprintf("cookie=0x1%014x, table=10, priority=100,reg0=0x%x actions=set_field:0x%x->reg1", n, n, n)
}

// TestVswitchdAtomic: one bad flow, and nothing of the transaction is in the switch.
func TestVswitchdAtomic(t *testing.T) {
	s, l, alice := realLoop(t, 3)
	since, want := status(t, l).Since, awaitFlows(t, s, 3)
	bad, _ := badFlows(t)
	for _, n := range []int{1000, 1001} {
		_, err := alice.commit(true, addFlow(10, numbered(10)), addFlow(n, bad[n]), addFlow(11, numbered(11)), table.Op{Kind: table.OpRemove, UUID: id(1)})
		var refused *RefusedError
		if !errors.As(err, &refused) || len(refused.Refused) != 1 || refused.Refused[0].UUID != id(n) {
			t.Errorf("error %v, want the refusal of flow %d", err, n)
		}
		if now := awaitFlows(t, s, 3); !slices.Equal(now, want) {
			t.Errorf("in the switch %q, want %q", now, want)
		}
	}
	if _, err := alice.commit(true, addFlow(10, numbered(10)), table.Op{Kind: table.OpRemove, UUID: id(1)}); err != nil {
		t.Error(err)
	}
	awaitFlows(t, s, 3)
	unharmed(t, l, since)
}
