package main

import (
	"strings"
	"testing"
)

func TestDialectOf(t *testing.T) {
	for args, want := range map[string]string{
		"":                             "default",
		"--dialect=ovn-23.03":          "ovn-23.03",
		"-dialect ovn-23.03":           "ovn-23.03",
		"--dialect=default":            "default",
		"--dialect=ovn-26.03":          "error",
		"--dialect=latin":              "error",
		"--dialect":                    "error",
		"--accent=none":                "error",
		"--dialect=default ovn-23.03":  "error",
		"--dialect=latin -dialect=x y": "error",
	} {
		got := "error"
		if d, err := dialectOf(strings.Fields(args)); err == nil {
			got = d.Name
		}
		if got != want {
			t.Errorf("%q: %s, want %s", args, got, want)
		}
	}
	if _, err := dialectOf([]string{"--dialect=latin"}); err == nil || !strings.Contains(err.Error(), "try default or ovn-23.03") {
		t.Error(err)
	}
}
