package flow_test

import (
	"bytes"
	"flag"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	of "github.com/netrack/openflow"
	"github.com/netrack/openflow/ofp"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/flowhost/flowhost/sdk/flow"
)

var bars = flag.Bool("bars", false, "measure speed and hold it against what must be reached")

// ovnFlow is the n-th of many flows like those of OVN.
func ovnFlow(tb testing.TB, n int) flow.Flow {
	tb.Helper()
	m, err := flow.NewMatch(flow.Reg[14].Is(uint64(n%500)), flow.Reg[15].Is(2), flow.Metadata.Is(uint64(n/500)), flow.EthType.Is(0x800),
		flow.EthSrc.Is(0x0a0000000000+uint64(n)), flow.IPDst.IsMasked(uint64(n)<<8, 0xffffff00), flow.IPProto.Is(17))
	if err != nil {
		tb.Fatal(err)
	}
	a, err := flow.NewActions(flow.SetField(flow.EthDst, uint64(n)), flow.SetFieldMasked(flow.Reg[10], 0x40, 0x40), flow.Resubmit(32))
	if err != nil {
		tb.Fatal(err)
	}
	return flow.Flow{Key: flow.Key{Table: 8, Priority: 100, Match: m}, Actions: a, Cookie: flow.Cookie(n + 1)}
}

// netrackFlow is the flow mod of a flow with netrack's types.
func netrackFlow(f *flow.Flow) *ofp.FlowMod {
	mod := &ofp.FlowMod{Cookie: uint64(f.Cookie), Table: ofp.Table(f.Table), Command: ofp.FlowAdd, Priority: uint16(f.Priority),
		Buffer: ofp.NoBuffer, OutPort: ofp.PortAny, OutGroup: ofp.GroupAny, Match: ofp.Match{Type: ofp.MatchTypeXM}}
	for t := range f.Match.Terms() {
		mod.Match.Fields = append(mod.Match.Fields, netrackXM(t))
	}
	mod.Instructions = ofp.Instructions{&ofp.InstructionApplyActions{Actions: ofp.Actions{
		&ofp.ActionSetField{Field: netrackXM(flow.EthDst.Is(uint64(f.Cookie - 1)))},
		&ofp.ActionSetField{Field: netrackXM(flow.Reg[10].IsMasked(0x40, 0x40))},
		resubmit32{},
	}}}
	return mod
}

// resubmit32 is resubmit(,32): netrack has no action of Open vSwitch's own.
type resubmit32 struct{}

func (resubmit32) Type() ofp.ActionType { return 0xffff }

func (resubmit32) WriteTo(w io.Writer) (int64, error) {
	n, err := io.WriteString(w, "\xff\xff\x00\x10\x00\x00\x23\x20\x00\x0e\xff\xf8\x20\x00\x00\x00")
	return int64(n), err
}

func (resubmit32) ReadFrom(io.Reader) (int64, error) { return 0, io.ErrUnexpectedEOF }

func netrackAppend(tb testing.TB, b *bytes.Buffer, mod *ofp.FlowMod) {
	r := of.NewRequest(of.TypeFlowMod, mod)
	r.Header.Version, r.Header.Transaction = 6, 1
	if _, err := r.WriteTo(b); err != nil {
		tb.Fatal(err)
	}
}

func BenchmarkAppendFlowMod(b *testing.B) {
	f := ovnFlow(b, 77)
	buf := make([]byte, 0, 512)
	b.ReportAllocs()
	for b.Loop() {
		buf = openflow.AppendFlowAdd(buf[:0], 1, &f)
	}
}

func BenchmarkIsCanonical(b *testing.B) {
	f := ovnFlow(b, 77)
	b.ReportAllocs()
	for b.Loop() {
		if !f.Match.IsCanonical() || !f.Actions.IsCanonical() {
			b.Fatal("not canonical")
		}
	}
}

func BenchmarkCanonicalMatch(b *testing.B) {
	f := ovnFlow(b, 77)
	wire := []byte(f.Match)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := flow.CanonicalMatch(wire); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFlowString(b *testing.B) {
	f := ovnFlow(b, 77)
	b.ReportAllocs()
	for b.Loop() {
		_ = f.String()
	}
}

func BenchmarkParseFlow(b *testing.B) {
	f := ovnFlow(b, 77)
	text := f.String()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := flow.ParseFlow(text); err != nil {
			b.Fatal(err)
		}
	}
}

// TestBars prints a line for each bar: go test -run '^TestBars$' -count=1 -bars ./sdk/flow
func TestBars(t *testing.T) {
	if !*bars {
		t.Skip("only with -bars")
	}
	f := ovnFlow(t, 77)
	barAppend(t, &f)
	barCheck(t, &f)
	barParse(t)
}

// bar prints what was measured and what must be reached.
func bar(t *testing.T, name string, figure float64, unit string, limit float64) {
	t.Helper()
	verdict := "pass"
	if figure > limit {
		verdict = "FAIL"
		t.Fail()
	}
	fmt.Printf("bar %s: %.3g %s, must be ≤ %g: %s\n", name, figure, unit, limit, verdict)
}

// fastest is the least time of a few runs of n calls, for one call: what else the machine does only makes it slower.
func fastest(n int, f func()) time.Duration {
	least := time.Duration(1 << 62)
	for range 7 {
		begin := cpuTime()
		for range n {
			f()
		}
		least = min(least, cpuTime()-begin)
	}
	return least / time.Duration(n)
}

// cpuTime is the processor time this process has used: unlike the wall clock it does not count what else the machine does.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err) // the kernel cannot refuse it
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func barAppend(t *testing.T, f *flow.Flow) {
	var theirs bytes.Buffer
	mod := netrackFlow(f)
	netrackAppend(t, &theirs, mod)
	buf := openflow.AppendFlowAdd(nil, 1, f)
	if !bytes.Equal(buf, theirs.Bytes()) {
		t.Errorf("not the same flow\n- netrack %x\n- ours    %x", theirs.Bytes(), buf)
	}
	ours := 1e-3 * float64(fastest(200, func() {
		for range 1000 {
			buf = openflow.AppendFlowAdd(buf[:0], 1, f)
		}
	}))
	netrack := float64(fastest(5_000, func() {
		theirs.Reset()
		netrackAppend(t, &theirs, mod)
	}))
	bar(t, "flow.append-allocations", testing.AllocsPerRun(1000, func() { buf = openflow.AppendFlowAdd(buf[:0], 1, f) }), "allocations", 0)
	bar(t, "flow.append-time", ours/netrack, "of netrack's", 0.02)
}

func barCheck(t *testing.T, f *flow.Flow) {
	seed := maphash.MakeSeed()
	wire := []byte(string(f.Match) + string(f.Actions))
	dst := make([]byte, len(wire))
	sum := uint64(0)
	base := fastest(200_000, func() {
		copy(dst, wire)
		sum += maphash.Bytes(seed, dst)
	})
	check := fastest(200_000, func() {
		if !f.Match.IsCanonical() || !f.Actions.IsCanonical() {
			sum++
		}
	})
	bar(t, "flow.check-allocations", testing.AllocsPerRun(1000, func() {
		if !f.Match.IsCanonical() || !f.Actions.IsCanonical() {
			t.Error("not canonical")
		}
	}), "allocations", 0)
	t.Logf("check %v, copy and hash %v (%d)", check, base, sum%2)
	bar(t, "flow.check-time", float64(check)/float64(base), "× copy and hash", 10)
}

// barParse holds our parser of 100,000 flows against ovs-ofctl's: processor time of both.
func barParse(t *testing.T) {
	ovstest.Need(t, "ovs-ofctl")
	const n = 100_000
	lines := make([]string, n)
	for i := range lines {
		f := ovnFlow(t, i)
		lines[i] = f.String()
	}
	path := filepath.Join(t.TempDir(), "flows.txt")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	var theirs, ours []time.Duration
	for range 3 {
		cmd := exec.Command("ovs-ofctl", "-O", "OpenFlow15", "parse-flows", path)
		if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
		theirs = append(theirs, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
		begin := cpuTime()
		for _, line := range lines {
			if _, err := flow.ParseFlow(line); err != nil {
				t.Fatal(err)
			}
		}
		ours = append(ours, cpuTime()-begin)
	}
	bar(t, "flow.parse-time", float64(slices.Min(ours))/float64(slices.Min(theirs)), "of ovs-ofctl's", 1)
}
