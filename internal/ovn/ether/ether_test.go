package ether

import (
	"errors"
	"fmt"
	"testing"
)

func TestCut(t *testing.T) {
	for text, want := range map[string]string{
		"0a:00:00:00:00:01":               "0a0000000001 ",
		"A:0:0:0:0:fF":                    "0a00000000ff ",
		"000a:0:0:0:0:01":                 "0a0000000001 ",
		"ff:ff:ff:ff:ff:ff":               "ffffffffffff ",
		" 0a:00:00:00:00:01 10.0.0.5 ::1": "0a0000000001  10.0.0.5 ::1",
		"0a:00:00:00:00:01,10.0.0.5":      "0a0000000001 ,10.0.0.5",
		"0a:00:00:00:00:01:02":            "0a0000000001 :02",
		"0a:00:00:00:00:01x":              "0a0000000001 x",
		"":                                "bad",
		"unknown":                         "bad",
		"0a:00:00:00:00":                  "bad",
		"0a:00:00:00:00:":                 "bad",
		"0a:00:00:00:00:100":              "bad",
		"0a:00::00:00:01":                 "bad",
		"0a:00:-1:00:00:01":               "bad",
		"0a:00:0x1:00:00:01":              "bad",
		"0a-00-00-00-00-01":               "bad",
	} {
		m, rest, err := Cut(text)
		got := fmt.Sprintf("%x %s", m[:], rest)
		if errors.Is(err, ErrMAC) {
			got = "bad"
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		if whole, err := Parse(text); (err == nil) != (got != "bad" && rest == "" && text[0] != ' ') || err == nil && whole != m {
			t.Errorf("%q as a whole: %v, %v", text, whole, err)
		}
	}
}

func TestLinkLocal(t *testing.T) {
	m, err := Parse("00:11:22:33:44:55")
	if got := m.LinkLocal().String(); got != "fe80::211:22ff:fe33:4455" || err != nil {
		t.Errorf("%s, %v", got, err)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"0a:00:00:00:00:01", "0:0:0:0:0:0 10.0.0.1", "::::::", "unknown", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := Parse(text)
		if err != nil {
			if m != (MAC{}) {
				t.Errorf("%q: an error and %v", text, m)
			}
			return
		}
		if again, err := Parse(m.String()); again != m || err != nil {
			t.Errorf("%q is %v, written again %v (%v)", text, m, again, err)
		}
	})
}
