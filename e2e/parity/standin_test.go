package parity

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/flowhost/flowhost/e2e/dump"
	"github.com/flowhost/flowhost/e2e/standin"
)

func TestChooseSources(t *testing.T) {
	programs := t.TempDir()
	for _, name := range []string{"physical", "neighbor"} {
		if err := os.WriteFile(standin.Path(programs, name), nil, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for asked, want := range map[string]struct{ own, stand []string }{
		"":      {[]string{"physical", "neighbor"}, []string{"lflow"}},
		"own":   {[]string{"physical", "neighbor"}, nil},
		"ofctl": {nil, standin.Sources},
	} {
		own, stand, err := choose(asked, programs)
		if err != nil || !slices.Equal(own, want.own) || !slices.Equal(stand, want.stand) {
			t.Errorf("%q: %v run, ofctl stands in for %v, %v", asked, own, stand, err)
		}
	}
	if _, _, err := choose("other", programs); err == nil {
		t.Error("other is taken")
	}
}

// The file follows ovn-controller's flows, and each version of it must have come.
func TestFeedFollows(t *testing.T) {
	f := feed{path: filepath.Join(t.TempDir(), "flows"), stand: []string{"neighbor"}}
	one := dump.Parse("table=66, priority=1 actions=drop", "", "")
	installed := func() dump.Switch {
		text, err := os.ReadFile(f.path)
		if err != nil {
			t.Fatal(err)
		}
		return dump.Parse(string(text), "", "")
	}
	if err := f.follow(one, dump.Switch{}); err == nil {
		t.Error("a version that is not installed is")
	}
	if err := f.follow(one, installed()); err != nil || f.version != 1 {
		t.Errorf("version %d: %v", f.version, err)
	}
	if err := f.follow(dump.Parse("table=66, priority=2 actions=drop", "", ""), installed()); err == nil || f.version != 2 {
		t.Errorf("version %d: %v", f.version, err)
	}
	if err := (&feed{}).follow(one, dump.Switch{}); err != nil {
		t.Errorf("without a stand-in: %v", err)
	}
}

// Packets must go where ovn-controller's go only if all of OVN's sources are there, or something stands in for them.
func TestHasAll(t *testing.T) {
	for _, c := range []struct {
		plugins, stand []string
		want           bool
	}{
		{nil, standin.Sources, true},
		{standin.Sources[:1], standin.Others(standin.Sources[:1]), true},
		{standin.Sources[:1], nil, false},
		{nil, nil, false},
		{standin.Sources, nil, true},
	} {
		if got := (&Pair{plugins: c.plugins, feed: feed{stand: c.stand}}).hasAll(); got != c.want {
			t.Errorf("%v, and ofctl for %v: %v", c.plugins, c.stand, got)
		}
	}
}
