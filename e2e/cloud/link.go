package cloud

import (
	"fmt"
	"testing"
	"time"
)

// Cut takes the machine off the network; Heal puts it back.
func (h *host) Cut(t testing.TB)  { t.Helper(); h.Run(t, "ip link set eth0 down") }
func (h *host) Heal(t testing.TB) { t.Helper(); h.Run(t, "ip link set eth0 up") }

// CutCentral makes the node and central deaf to each other, tunnels go on; HealCentral ends that. It is the underlay bridge that drops.
func (n *Node) CutCentral(t testing.TB) {
	t.Helper()
	n.Run(t, fmt.Sprintf(`ovs-ofctl add-flow br-phy priority=99,ip,nw_dst=%[1]s,actions=drop
		ovs-ofctl add-flow br-phy priority=99,ip,nw_src=%[1]s,actions=drop
		ovs-appctl revalidator/wait # until then packets go the way that others have gone`, n.central.IP()))
}

func (n *Node) HealCentral(t testing.TB) {
	t.Helper()
	n.Run(t, fmt.Sprintf(`ovs-ofctl --strict del-flows br-phy priority=99,ip,nw_dst=%[1]s
		ovs-ofctl --strict del-flows br-phy priority=99,ip,nw_src=%[1]s`, n.central.IP()))
}

// Slowlink is the package of a program that machines need for Delay, as "slowlink" in Programs.
const Slowlink = "github.com/flowhost/flowhost/e2e/cloud/slowlink"

// Delay delays all that the node sends, and all that it gets, by a time; NoDelay ends that. Each loses what is under way. The kernel's own
// way, netem, is not in every kernel.
func (n *Node) Delay(t testing.TB, by time.Duration) {
	t.Helper()
	n.Run(t, fmt.Sprintf(`setsid %s/slowlink eth0 slow0 %v >>/run/log/slowlink.log 2>&1 </dev/null &
		echo $! >/run/slowlink.pid
		for try in $(seq 100); do if ip link show slow0 >/dev/null 2>&1; then break; fi; sleep 0.05; done
		address=$(ip -o link show eth0 | sed 's,.*link/ether \([^ ]*\) .*,\1,')
		ip link set slow0 address $address up
		ethtool -K slow0 tx off >/dev/null
		ovs-vsctl --timeout=30 del-port br-phy eth0 -- add-port br-phy slow0`, Programs, by))
}

func (n *Node) NoDelay(t testing.TB) {
	t.Helper()
	n.Run(t, `ovs-vsctl --timeout=30 del-port br-phy slow0 -- add-port br-phy eth0
		kill $(cat /run/slowlink.pid)`)
}
