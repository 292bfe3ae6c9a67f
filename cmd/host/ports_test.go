package main

import (
	"maps"
	"os"
	"testing"

	"github.com/flowhost/flowhost/core/apply"
	"github.com/hashicorp/go-hclog"
)

func TestPortsAreRememberedOverRuns(t *testing.T) {
	dir := t.TempDir()
	first := newPortFile(dir, "br0", hclog.NewNullLogger())
	if ports := first.Load(); ports != nil {
		t.Errorf("ports before the first run: %v", ports)
	}
	stop, done := make(chan struct{}), make(chan struct{})
	go func() { defer close(done); first.run(stop) }()
	want := apply.Ports{1: "a", 7: "b"}
	first.Save(apply.Ports{1: "a"})
	first.Save(want)
	close(stop)
	<-done

	if got := newPortFile(dir, "br0", hclog.NewNullLogger()).Load(); !maps.Equal(got, want) {
		t.Errorf("ports %v, want %v", got, want)
	}
	if err := os.WriteFile(first.path, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := first.Load(); got != nil {
		t.Errorf("ports of a broken file: %v, want none", got)
	}
}
