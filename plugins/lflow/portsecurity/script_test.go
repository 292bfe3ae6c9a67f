package portsecurity

import (
	"strings"
	"testing"

	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/plugins/lflow/golden"
)

// TestScript runs testdata/flows.txt: "flows" are those of the entries since the last.
func TestScript(t *testing.T) {
	golden.Test(t, "testdata/flows.txt", func(*testing.T) golden.Command {
		d := dialect.Default()
		var entries []string
		return func(t *testing.T, out *strings.Builder, name, rest string) {
			switch name {
			case "", "#":
			case "dialect":
				d = golden.Dialect(t, rest)
			case "entry":
				entries = append(entries, rest)
			case "flows":
				flows, err := Flows(d, 3, 2, entries)
				golden.Flows(out, flows, err)
				entries = nil
			default:
				t.Fatalf("no command %q", name)
			}
		}
	})
}

// BenchmarkFlows is a port as most are: one Ethernet address, one of each IP.
func BenchmarkFlows(b *testing.B) {
	d, entries := dialect.Default(), []string{"00:00:00:00:00:01 10.0.0.5 fd00::5"}
	b.ReportAllocs()
	for b.Loop() {
		if flows, err := Flows(d, 3, 2, entries); err != nil || len(flows) != 29 {
			b.Fatal(len(flows), err)
		}
	}
}
