package flow

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// checkGrowth fails when a result is out of proportion to its input.
func checkGrowth(t *testing.T, in, out int) {
	t.Helper()
	if out > 16*in+256 {
		t.Fatalf("%d bytes became %d", in, out)
	}
}

func checkKind(t *testing.T, err error, kinds ...error) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("%v is no *Error", err)
	}
	for _, k := range kinds {
		if errors.Is(err, k) {
			return
		}
	}
	t.Fatalf("%v is none of %v", err, kinds)
}

func FuzzCanonicalMatch(f *testing.F) {
	for _, c := range captures(f) {
		f.Add(c.match)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_ = Match(b).String()
		m, err := CanonicalMatch(b)
		if slow, slowErr := Match(b).rebuilt(); slow != m || (slowErr == nil) != (err == nil) {
			t.Fatalf("%x: %x, %v, or else %x, %v", b, []byte(m), err, []byte(slow), slowErr)
		}
		if err != nil {
			checkKind(t, err, ErrMatch)
			return
		}
		checkGrowth(t, len(b), len(m))
		if !m.IsCanonical() {
			t.Fatalf("%x: not canonical", []byte(m))
		}
		if again, err := NewMatch(collect(m)...); err != nil || again != m {
			t.Fatalf("%s: its terms make %v, %v", m, again, err)
		}
		checkGrowth(t, len(b), len(m.String())/4)
	})
}

func collect(m Match) (terms []Term) {
	for t := range m.Terms() {
		terms = append(terms, t)
	}
	return terms
}

func FuzzCanonicalActions(f *testing.F) {
	for _, c := range captures(f) {
		f.Add(c.instructions)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_ = Actions(b).String()
		a, err := CanonicalActions(b)
		if err != nil {
			checkKind(t, err, ErrActions)
			return
		}
		checkGrowth(t, len(b), len(a))
		if !a.IsCanonical() {
			t.Fatalf("%x: not canonical", []byte(a))
		}
		if again, err := CanonicalActions([]byte(a)); err != nil || again != a {
			t.Fatalf("%x becomes %x: %v", []byte(a), []byte(again), err)
		}
		checkGrowth(t, len(b), len(a.String())/16)
		for range a.Refs() {
			continue
		}
		if a.Class() == ClassConjunction && len(a.Conjunctions()) == 0 {
			t.Fatal("conjunction without clauses")
		}
	})
}

func FuzzParseFlow(f *testing.F) {
	for _, c := range captures(f) {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := ParseFlow(text)
		if err != nil {
			checkKind(t, err, ErrSyntax)
			return
		}
		checkGrowth(t, len(text), len(parsed.Match)+len(parsed.Actions))
		if !parsed.Match.IsCanonical() || !parsed.Actions.IsCanonical() {
			t.Fatalf("%s: not canonical", parsed)
		}
	})
}

// groupTexts are groups as ovs-ofctl prints them.
func groupTexts(t testing.TB) []string {
	t.Helper()
	b, err := os.ReadFile("testdata/groups.txt")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(b)), "\n")
}

func FuzzParseGroup(f *testing.F) {
	for _, text := range groupTexts(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		g, err := ParseGroup(text)
		if err != nil {
			checkKind(t, err, ErrSyntax)
			return
		}
		checkGrowth(t, len(text), len(g.Buckets)+len(g.Properties))
		if !g.IsCanonical() {
			t.Fatalf("%s: not canonical", g)
		}
	})
}

func FuzzCanonicalGroup(f *testing.F) {
	for _, text := range groupTexts(f) {
		g, err := ParseGroup(text)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(g.Type), []byte(g.Buckets), []byte(g.Properties))
	}
	f.Fuzz(func(t *testing.T, kind uint8, buckets, properties []byte) {
		_ = Group{1, GroupType(kind), string(buckets), string(properties)}.String()
		g, err := CanonicalGroup(1, GroupType(kind), buckets, properties)
		if err != nil {
			checkKind(t, err, ErrGroup)
			return
		}
		checkGrowth(t, len(buckets)+len(properties), len(g.Buckets)+len(g.Properties))
		if !g.IsCanonical() {
			t.Fatalf("%x: not canonical", g.Buckets)
		}
		_ = g.Refs()
	})
}

func FuzzMeter(f *testing.F) {
	f.Add("meter=1,kbps,burst,band=type=drop,rate=100,burst_size=50", []byte("\x00\x01\x00\x10\x00\x00\x00\x64\x00\x00\x00\x32\x00\x00\x00\x00"))
	f.Add("meter=12 pktps stats bands=\ntype=drop rate=100\ntype=dscp_remark rate=200 prec_level=1", []byte{})
	f.Fuzz(func(t *testing.T, text string, bands []byte) {
		if m, err := ParseMeter(text); err != nil {
			checkKind(t, err, ErrSyntax)
		} else if !m.IsCanonical() {
			t.Fatalf("%s: not canonical", m)
		} else if back, err := ParseMeter(m.String()); m.Flags&MeterBurst != 0 && (err != nil || back != m) {
			t.Fatalf("%s becomes %s: %v", m, back, err)
		}
		_ = Meter{1, MeterKbps, string(bands)}.String()
		if m, err := CanonicalMeter(1, MeterKbps, bands); err != nil {
			checkKind(t, err, ErrMeter)
		} else if !m.IsCanonical() {
			t.Fatalf("%s: not canonical", m)
		}
	})
}
