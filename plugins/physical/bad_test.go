package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/flowhost/flowhost/internal/ovn/sb"
)

// A bad row is told of once, by its name, and everything else has its flows.
func TestBadRows(t *testing.T) {
	b := newBig(2, 2, 3)
	want := len(everything(b))
	var told []string
	b.warn = func(what string, problem error) { told = append(told, what+": "+problem.Error()) }

	here, parent, none, tag := text("chassis", 0), "vif0", "nobody", 7
	row := func(n int, change func(*sb.PortBinding)) {
		r := &sb.PortBinding{UUID: text("binding", n), LogicalPort: fmt.Sprint("bad", n), TunnelKey: n, Datapath: text("datapath", 0), Chassis: &here}
		change(r)
		b.set(id("binding", n), r)
	}
	b.set(id("encap", 0), &sb.Encap{IP: "300.1.1.1"})
	there, encap := text("chassis", 1), text("encap", 0)
	row(100, func(r *sb.PortBinding) { r.Datapath = text("datapath", 99) })
	row(101, func(r *sb.PortBinding) { r.TunnelKey = 40000 })
	row(102, func(r *sb.PortBinding) { r.ParentPort = &parent })
	row(103, func(r *sb.PortBinding) { r.ParentPort, r.Tag = &none, &tag })
	row(104, func(r *sb.PortBinding) { r.Chassis, r.Encap = &there, &encap })
	row(105, func(r *sb.PortBinding) { r.ParentPort, r.Tag = &parent, &tag })
	row(106, func(r *sb.PortBinding) { r.ParentPort, r.Tag = &parent, &tag })
	row(107, func(r *sb.PortBinding) {
		r.Type, r.Options = "chassisredirect", map[string]string{"distributed-port": "nobody"}
	})
	b.set(id("multicast", 9), &sb.MulticastGroup{Name: "bad", Datapath: text("datapath", 0), TunnelKey: 1})
	for range 3 { // whatever is evaluated again
		b.settle()
		b.Restart()
	}
	after := everything(b)

	slices.Sort(told)
	for i, one := range told {
		told[i] = strings.NewReplacer(" ("+text("binding", 100+i-1)+")", "", " ("+text("multicast", 9)+")", "").Replace(one)
	}
	expected := []string{
		"Multicast_Group bad: a tunnel key is out of range",
		"Port_Binding bad100: its datapath is not there",
		"Port_Binding bad101: a tunnel key is out of range",
		"Port_Binding bad102: a container has no tag",
		"Port_Binding bad103: there is no port like its parent",
		`Port_Binding bad104: its encapsulation has a bad address: ParseAddr("300.1.1.1"): IPv4 field has value >255`,
		"Port_Binding bad105: its tag is another container's, too",
		"Port_Binding bad106: its tag is another container's, too",
		"Port_Binding bad107: there is no port like its distributed-port",
	}
	if !slices.Equal(told, expected) {
		t.Errorf("told:\n%s", strings.Join(told, "\n"))
	}
	// bad104 to bad107 have flows: the tunnel there is, both containers, and a drop; and what the two containers share.
	if len(after) != want+5 {
		t.Errorf("%d UUIDs have flows, before %d", len(after), want)
	}
}

// everything is everything that a host is told after a Resync.
func everything(b *big) map[string]int {
	b.Restart()
	found := map[string]int{}
	for {
		operations, _ := b.Take(1000)
		for _, o := range operations {
			if len(o.Flows) > 0 {
				found[o.ID.String()] = len(o.Flows)
			}
		}
		if len(operations) < 1000 {
			return found
		}
	}
}
