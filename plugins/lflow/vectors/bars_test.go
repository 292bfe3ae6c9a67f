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

// TestBars prints a line for each bar: go test -run '^TestBars$' -count=1 -bars
//
// Times are CPU time of the whole process, the garbage collector's too, so that it matters little what else the machine does. They
// are scaled to the machine on which calibrate takes calibrationTime.
func TestBars(t *testing.T) {
	if !*bars {
		t.Skip("only with -bars")
	}
	ballast := make([]byte, 64<<20) // a plugin that has a database in memory collects garbage less often than a small test does
	scale := calibrate()
	fmt.Printf("bar calibration: this machine takes %.2f times as long as the one that the bars are for\n", scale)
	for _, v := range []string{"23.03", "head"} {
		texts, compile := northdMatches(t, v)
		perText := scaled(scale, 60, func() {
			for _, text := range texts {
				compile(text)
			}
		}) / time.Duration(len(texts))
		atLeast(t, "lflow.expr-speed-"+v, float64(time.Second/perText), "matches/s", 300_000)
		atMost(t, "lflow.expr-allocations-"+v, medianAllocations(texts, compile), "in the median", 20)
	}
	compile := conjunctiveACL(t, 500)
	atMost(t, "lflow.expr-acl", float64(scaled(scale, 300, compile).Microseconds())/1000, "ms", 0.3)
	runtime.KeepAlive(ballast)
}

func atMost(t *testing.T, name string, figure float64, unit string, limit float64) {
	bar(t, name, figure, unit, "≤", limit, figure <= limit)
}

func atLeast(t *testing.T, name string, figure float64, unit string, limit float64) {
	bar(t, name, figure, unit, "≥", limit, figure >= limit)
}

// bar prints what was measured and what must be reached.
func bar(t *testing.T, name string, figure float64, unit, relation string, limit float64, pass bool) {
	t.Helper()
	verdict := "pass"
	if !pass {
		verdict = "FAIL"
		t.Fail()
	}
	fmt.Printf("bar %s: %.2f %s, must be %s %g: %s\n", name, figure, unit, relation, limit, verdict)
}

// calibrationTime is what the loop of calibrate takes on the machine that the bars are for: one core of 2.1 GHz.
const calibrationTime = 50 * time.Millisecond

// calibrate is how many times as long this machine takes.
func calibrate() float64 {
	block := make([]byte, 4096)
	best := scaled(1, 5, func() {
		for range 10_000 {
			h := fnv.New64a()
			h.Write(block)
			block[0] = byte(h.Sum64())
		}
	})
	return float64(best) / float64(calibrationTime)
}

// scaled is the CPU time of the fastest of some runs, divided by scale.
func scaled(scale float64, runs int, run func()) time.Duration {
	best := time.Duration(1 << 62)
	for range runs {
		start := cpuTime()
		run()
		best = min(best, cpuTime()-start)
	}
	return time.Duration(float64(best) / scale)
}

// cpuTime is what the process has used so far.
func cpuTime() time.Duration {
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
	texts, compile := northdMatches(b, "23.03")
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
