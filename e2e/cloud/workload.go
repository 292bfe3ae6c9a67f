package cloud

import (
	"fmt"
	"testing"
)

// A Port is a logical switch port of a workload.
type Port struct {
	Name    string // of the logical port, and of the namespace; at most 13 bytes
	MAC     string
	Address string // "10.0.0.1/24"
	Gateway string // "" is none
}

// A Workload is a namespace behind a logical port.
type Workload struct {
	Port
	node  *Node
	calls int // for which ports were taken, see StartCalls
}

// Workload plugs a new workload into br-int.
func (n *Node) Workload(t testing.TB, p Port) *Workload {
	t.Helper()
	n.Run(t, fmt.Sprintf(`ip netns add %[1]s
		ip link add name %[1]s type veth peer name eth0 netns %[1]s
		ip link set dev %[1]s up
		ethtool -K %[1]s tx off >/dev/null
		ip netns exec %[1]s ethtool -K eth0 tx off >/dev/null
		ip -n %[1]s link set eth0 address %[2]s mtu 1400 up # a tunnel's headers go with it in 1500
		ip -n %[1]s link set lo up
		ip -n %[1]s address add %[3]s dev eth0 nodad
		ovs-vsctl --timeout=30 add-port br-int %[1]s -- set Interface %[1]s external_ids:iface-id=%[1]s`, p.Name, p.MAC, p.Address))
	if p.Gateway != "" {
		n.Run(t, fmt.Sprintf("ip -n %s route add default via %s", p.Name, p.Gateway))
	}
	return &Workload{Port: p, node: n}
}

// Run runs a shell script in the workload's namespace.
func (w *Workload) Run(t testing.TB, script string) string {
	t.Helper()
	return w.node.Run(t, fmt.Sprintf("ip netns exec %s bash -euo pipefail <<'end'\n%s\nend", w.Name, script))
}
