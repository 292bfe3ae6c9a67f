package ovstest

import "testing"

// ended is how a recorder's test ends.
type ended struct{ how string }

// recorder is a testing.TB that tells how it was ended.
type recorder struct {
	testing.TB
}

func (recorder) Helper() {}

func (recorder) Fatalf(string, ...any) { panic(ended{"failed"}) }

func (recorder) Skipf(string, ...any) { panic(ended{"skipped"}) }

func TestNeed(t *testing.T) {
	for _, c := range []struct {
		require, ci, program, want string
	}{
		{"", "", "sh", ""},
		{"1", "true", "sh", ""},
		{"", "", "no-such-program", "skipped"},
		{"0", "", "no-such-program", "skipped"},
		{"1", "", "no-such-program", "failed"},
		{"", "true", "no-such-program", "failed"},
	} {
		t.Setenv("FLOWHOST_REQUIRE_OVS", c.require)
		t.Setenv("CI", c.ci)
		if got := howNeedEnds(c.program); got != c.want {
			t.Errorf("Need(%s) with FLOWHOST_REQUIRE_OVS=%s CI=%s: %q, want %q", c.program, c.require, c.ci, got, c.want)
		}
	}
}

func howNeedEnds(program string) (how string) {
	defer func() {
		if e, ok := recover().(ended); ok {
			how = e.how
		}
	}()
	Need(recorder{}, program)
	return ""
}
