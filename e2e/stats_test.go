package e2e

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/flowhost/flowhost/internal/ovstest"
)

// stats are what a switch tells about its flows, by their text without it. It takes time to tell it: from began to ended.
type stats struct {
	began, ended time.Time
	of           map[string]stat
}

type stat struct {
	age     time.Duration
	packets uint64
}

// statsOf reads the statistics of the flows in some tables, or in all.
func statsOf(t testing.TB, s *ovstest.Sandbox, tables ...int) stats {
	t.Helper()
	a := stats{began: time.Now(), of: map[string]stat{}}
	dump := strings.Split(strings.TrimSpace(s.Ofctl(t, "--no-names", "dump-flows", ovstest.Bridge)), "\n")
	a.ended = time.Now()
	if len(tables) > 0 {
		dump = only(dump, tables)
	}
	for _, line := range dump {
		if strings.HasPrefix(line, "OFPST_FLOW reply") {
			continue
		}
		flow, of, err := parseStats(line)
		if err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		a.of[flow] = of
	}
	return a
}

// addGroups adds what the switch tells about groups. How old one is does not tell whether it was modified.
func (s *stats) addGroups(t testing.TB, from *ovstest.Sandbox) {
	t.Helper()
	for line := range strings.Lines(from.Ofctl(t, "dump-group-stats", ovstest.Bridge)) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), ",")
		if !strings.HasPrefix(name, "group_id=") {
			continue
		}
		_, of, err := parseStats(strings.NewReplacer("packet_count", "n_packets", ",", ", ").Replace(line))
		if err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		s.of[name] = of
	}
	s.ended = time.Now()
}

// parseStats takes a line of ovs-ofctl apart.
func parseStats(line string) (flow string, s stat, err error) {
	flow, duration := cutField(line, "duration=")
	if s.age, err = time.ParseDuration(duration); err != nil {
		return "", s, err
	}
	flow, packets := cutField(flow, "n_packets=")
	for _, changing := range []string{"n_bytes=", "idle_age=", "hard_age="} {
		flow, _ = cutField(flow, changing)
	}
	s.packets, err = strconv.ParseUint(packets, 10, 64)
	return strings.TrimSpace(flow), s, err
}

// cutField takes a field, if there, out of what ovs-ofctl has printed: "name=value, ".
func cutField(line, name string) (rest, value string) {
	before, after, _ := strings.Cut(line, name)
	value, after, _ = strings.Cut(after, ", ")
	return before + after, value
}

// checkGoOn finds flows that were made anew since before, or whose packets are counted anew. It returns how many of before are
// still there.
func (s stats) checkGoOn(t testing.TB, before stats) (kept int) {
	t.Helper()
	elapsed := s.began.Sub(before.ended) // at least
	anew := 0
	for flow, was := range before.of {
		now, ok := s.of[flow]
		if !ok {
			continue
		}
		kept++
		if now.age-was.age < elapsed-100*time.Millisecond || now.packets < was.packets {
			if anew++; anew <= 3 {
				t.Errorf("%v after it was %+v, it is %+v: %s", elapsed, was, now, flow)
			}
		}
	}
	if anew > 3 {
		t.Errorf("%d flows, and groups, were made anew", anew)
	}
	if kept == 0 {
		t.Error("no flow is left of those before")
	}
	return kept
}

// only gives the flows of some tables, sorted: ovs-ofctl leaves open how flows of one priority are.
func only(flows []string, tables []int) []string {
	slices.Sort(flows)
	return slices.DeleteFunc(flows, func(flow string) bool {
		return !slices.ContainsFunc(tables, func(table int) bool { return strings.Contains(flow, fmt.Sprintf(" table=%d,", table)) })
	})
}
