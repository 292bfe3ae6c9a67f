package vectors

import (
	"encoding/json"
	"flag"
	"fmt"
	"hash/fnv"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/plugins/lflow/expr"
)

var bars = flag.Bool("bars", false, "measure speed and allocations and hold them against what must be reached")

// TestBars prints a line for each bar: go test -run '^TestBars$' -count=1 -v -bars
//
// Times are CPU time of the whole process, the garbage collector's too, so that it matters less what else the machine does. They
// are divided by the calibration that is printed with them: how many times as long as on the machine that the bars are for a
// fixed loop takes, which runs in turn with what is measured.
func TestBars(t *testing.T) {
	if !*bars {
		t.Skip("only with -bars")
	}
	ballast := make([]byte, 64<<20) // a plugin that has a database in memory collects garbage less often than a small test does
	for _, v := range []string{"23.03", "head"} {
		texts, compile := northdMatches(t, v)
		took, calibration := measure(60, func() {
			for _, text := range texts {
				compile(text)
			}
		})
		speed := float64(len(texts)) / took.Seconds()
		bar(t, "lflow.expr-speed-"+v, speed, "matches/s", "≥ 300000", speed >= 300_000, calibration)
		n := medianAllocations(texts, compile)
		bar(t, "lflow.expr-allocations-"+v, n, "in the median", "≤ 20", n <= 20, 1)
	}
	took, calibration := measure(300, conjunctiveACL(t, 500))
	ms := 1000 * took.Seconds()
	bar(t, "lflow.expr-acl", ms, "ms", "≤ 0.3", ms <= 0.3, calibration)
	runtime.KeepAlive(ballast)
}

// bar prints what was measured and what must be reached.
func bar(t *testing.T, name string, figure float64, unit, limit string, pass bool, calibration float64) {
	t.Helper()
	verdict := "pass"
	if !pass {
		verdict = "FAIL"
		t.Fail()
	}
	fmt.Printf("calibration %.2f\nbar %s: %.2f %s, must be %s: %s\n", calibration, name, figure, unit, limit, verdict)
}

// calibrationTime is what calibrate takes on the machine that the bars are for: one core of 2.1 GHz.
const calibrationTime = 5 * time.Millisecond

// calibrate is a loop that takes the same work everywhere.
func calibrate() {
	block := make([]byte, 4096)
	for range 1000 {
		h := fnv.New64a()
		h.Write(block)
		block[0] = byte(h.Sum64())
	}
}

// measure is the CPU time of the fastest of some runs, divided by the calibration.
func measure(runs int, run func()) (took time.Duration, calibration float64) {
	fastest, loop := time.Hour, time.Hour
	for range runs {
		fastest = min(fastest, cpuTime(run))
		loop = min(loop, cpuTime(calibrate))
	}
	calibration = float64(loop) / float64(calibrationTime)
	return time.Duration(float64(fastest) / calibration), calibration
}

// cpuTime is what the process uses while something runs.
func cpuTime(run func()) time.Duration {
	before := cpuUsed()
	run()
	return cpuUsed() - before
}

func cpuUsed() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// medianAllocations is how many allocations the text in the middle takes.
func medianAllocations(texts []string, compile func(string)) float64 {
	var counts []float64
	for _, text := range texts {
		counts = append(counts, testing.AllocsPerRun(3, func() { compile(text) }))
	}
	slices.Sort(counts)
	return counts[len(counts)/2]
}

// northdMatches are the matches of northd_expr, and what compiles one down to its flows.
func northdMatches(tb testing.TB, name string) (texts []string, compile func(text string)) {
	dir := filepath.Join(vectorsDir(), name)
	if found, _ := filepath.Glob(filepath.Join(dir, "northd_expr.jsonl")); found == nil {
		tb.Skipf("NO VECTORS: no northd_expr.jsonl in %s", dir)
	}
	for _, line := range lines(tb, filepath.Join(dir, "northd_expr.jsonl")) {
		var c exprCase
		must(json.Unmarshal(line, &c))
		if c.Error == "" {
			texts = append(texts, c.Input)
		}
	}
	v := readVersion(tb, dir).withNorthd()
	c := &expr.Compiler{Env: *v.env(), Dialect: v.dialect, Resident: v.resident()}
	options := &expr.MatchOptions{Port: v.port, Metadata: 3}
	return texts, func(text string) {
		e, err := c.Compile(text, nil)
		must(err)
		_, err = e.Matches(v.dialect, options)
		must(err)
	}
}

// conjunctiveACL compiles an ACL between two address sets of n addresses each.
func conjunctiveACL(tb testing.TB, n int) (compile func()) {
	d := dialect.Default()
	sets := make(map[string]*expr.ConstantSet)
	for i, name := range []string{"from", "to"} {
		var addresses []string
		for j := range n {
			addresses = append(addresses, fmt.Sprintf("10.%d.%d.%d", i, j/250, 1+j%250))
		}
		sets[name], _ = expr.NewAddressSet(name, addresses, d)
	}
	c := &expr.Compiler{Dialect: d, Env: expr.Env{
		Symtab:     expr.LogicalFields(d),
		AddressSet: func(name string) *expr.ConstantSet { return sets[name] },
	}}
	options := &expr.MatchOptions{Port: func(string) (uint32, bool) { return 5, true }, Metadata: 3}
	return func() {
		e, err := c.Compile(`outport == "p" && ip4 && ip4.src == $from && ip4.dst == $to && tcp.dst == 80`, nil)
		must(err)
		matches, err := e.Matches(d, options)
		must(err)
		if len(matches) != 2*n+1 {
			tb.Fatalf("%d flows instead of %d", len(matches), 2*n+1)
		}
	}
}

func BenchmarkNorthdMatches(b *testing.B) {
	texts, compile := northdMatches(b, "head")
	b.ReportAllocs()
	for b.Loop() {
		for _, text := range texts {
			compile(text)
		}
	}
	b.ReportMetric(float64(len(texts))*float64(b.N)/b.Elapsed().Seconds(), "matches/s")
}

func BenchmarkConjunctiveACL(b *testing.B) {
	compile := conjunctiveACL(b, 500)
	b.ReportAllocs()
	for b.Loop() {
		compile()
	}
}
