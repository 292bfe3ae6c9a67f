package main

import (
	"slices"
	"strings"
	"testing"
)

// What is plugged in are ports of the northbound database, each with a number of its own, and the spare ones are not among them.
func TestTopology(t *testing.T) {
	for _, size := range sizes {
		northbound, plugged := size.northbound(), size.plug()
		if want := size.switches * size.ports; len(plugged) != want {
			t.Errorf("%s: %d ports are plugged in, want %d", size.name, len(plugged), want)
		}
		numbers := make(map[string]bool)
		for _, command := range plugged {
			fields := strings.Fields(command)
			port, number := fields[2], fields[len(fields)-1]
			if numbers[number] || !slices.ContainsFunc(northbound, func(c string) bool {
				return strings.HasPrefix(c, "lsp-add ") && strings.HasSuffix(c, " "+port)
			}) {
				t.Fatalf("%s: %s: its number is taken, or it is no logical port", size.name, command)
			}
			numbers[number] = true
		}
		if spared := portName(0, size.ports); strings.Contains(strings.Join(plugged, "\n"), spared+" ") {
			t.Errorf("%s: %s is plugged in", size.name, spared)
		}
	}
}
