package cloud

import (
	"fmt"
	"strings"
	"testing"

	"github.com/flowhost/flowhost/e2e/machine"
)

// Central has the northbound database, the southbound one, and ovn-northd.
type Central struct{ host }

// Daemons of a central machine.
const (
	Northbound = "ovnnb_db"
	Northd     = "ovn-northd"
)

// Southbounds are the servers of the southbound database: a cluster.
var Southbounds = [...]string{"ovnsb_db1", "ovnsb_db2", "ovnsb_db3"}

// Daemons are all of them, in the order in which they start.
func (c *Central) Daemons() []string {
	return append([]string{Northbound}, append(Southbounds[:], Northd)...)
}

// sbPort is where a server listens for clients; at the next port it listens for the others.
func sbPort(server int) int { return 6642 + 10*server }

func startCentral(t testing.TB, m *machine.Machine) *Central {
	c := &Central{newHost(t, m)}
	socket := func(name string) string { return "unix:/run/ovn/" + name + ".sock" }
	c.Run(t, "ovsdb-tool create /run/db/"+Northbound+".db /usr/share/ovn/ovn-nb.ovsschema")
	c.add(t, Northbound, database(Northbound, "p"+socket(Northbound)))
	var sockets []string
	for i, name := range Southbounds {
		own, first := fmt.Sprintf("tcp:127.0.0.1:%d", sbPort(i)+1), fmt.Sprintf("tcp:127.0.0.1:%d", sbPort(0)+1)
		if i == 0 {
			c.Run(t, "ovsdb-tool create-cluster /run/db/"+name+".db /usr/share/ovn/ovn-sb.ovsschema "+own)
		} else {
			c.Run(t, "ovsdb-tool join-cluster /run/db/"+name+".db OVN_Southbound "+own+" "+first)
		}
		sockets = append(sockets, socket(name))
		c.add(t, name, database(name, "p"+socket(name), fmt.Sprintf("ptcp:%d", sbPort(i))))
	}
	c.add(t, Northd, detached(Northd, "ovn-northd --ovnnb-db="+socket(Northbound)+" --ovnsb-db="+strings.Join(sockets, ",")))
	return c
}

// SB is where nodes find the southbound database: all servers of it.
func (c *Central) SB() string {
	var remotes []string
	for i := range Southbounds {
		remotes = append(remotes, fmt.Sprintf("tcp:%s:%d", c.IP(), sbPort(i)))
	}
	return strings.Join(remotes, ",")
}

// Leader is the server that leads the cluster of the southbound database, "" while none does.
func (c *Central) Leader(t testing.TB) string {
	t.Helper()
	return strings.TrimSpace(c.Run(t, fmt.Sprintf(`for s in %s; do
		if ovs-appctl -t /run/openvswitch/$s.ctl cluster/status OVN_Southbound 2>/dev/null | grep -q '^Role: leader'; then echo $s; fi
	done`, strings.Join(Southbounds[:], " "))))
}

// NB has ovn-nbctl do commands, all or none, and waits until the southbound database has what follows from them.
func (c *Central) NB(t testing.TB, commands ...string) {
	t.Helper()
	c.Run(t, "ovn-nbctl --wait=sb --timeout=30 "+strings.Join(commands, " -- "))
}
