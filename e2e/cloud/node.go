package cloud

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flowhost/flowhost/e2e/machine"
)

// A Node is a chassis. Its tunnels go through an underlay bridge, br-phy, that has eth0 and its address, so that they do not leave
// the userspace datapath.
type Node struct {
	host
	central *Central
}

// Daemons of a node.
const (
	OVSDB      = "ovsdb-server"
	Vswitchd   = "ovs-vswitchd"
	Controller = "ovn-controller"
	Flowhost   = "flowhost"
)

// databaseSize is that of the file system which the node's database is on: a full one is full at once.
const databaseSize = "4m"

func startNode(t testing.TB, m *machine.Machine, central *Central) *Node {
	n := &Node{host: newHost(t, m), central: central}
	n.Run(t, "mount -t tmpfs -o size="+databaseSize+" none /run/db\n"+
		"ovsdb-tool create /run/db/"+OVSDB+".db /usr/share/openvswitch/vswitch.ovsschema")
	n.add(t, OVSDB, database(OVSDB, "punix:/run/openvswitch/db.sock"))
	n.Run(t, fmt.Sprintf(`ovs-vsctl --no-wait init -- set Open_vSwitch . external_ids:system-id=%[1]s external_ids:hostname=%[1]s \
		'external_ids:ovn-remote="%[2]s"' external_ids:ovn-encap-type=geneve external_ids:ovn-encap-ip=%[3]s \
		external_ids:ovn-bridge-datapath-type=netdev -- add-br br-int -- set Bridge br-int datapath_type=netdev fail_mode=secure \
		-- add-br br-phy -- set Bridge br-phy datapath_type=netdev fail_mode=standalone -- add-port br-phy eth0
		ip address flush dev eth0`, n.Name, central.SB(), n.IP()))
	// Its priority is what ovs-ctl starts it with; where Linux groups processes by session, it is the group's that counts (sched(7),
	// autogroup). br-phy goes when it is killed, and its address with it.
	n.add(t, Vswitchd, fmt.Sprintf(`nice -n -10 %s
		{ echo -10 >/proc/$(cat %s)/autogroup; } 2>/dev/null || true
		ip address replace %s dev br-phy
		ip link set br-phy up`, detached(Vswitchd, "ovs-vswitchd unix:/run/openvswitch/db.sock"), pidfile(Vswitchd), n.Address))
	return n
}

// StartController starts ovn-controller, which makes the tunnels, claims ports and writes flows.
func (n *Node) StartController(t testing.TB) {
	t.Helper()
	n.add(t, Controller, detached(Controller, "ovn-controller unix:/run/openvswitch/db.sock"))
}

// Daemons are all that were started, in the order in which they start.
func (n *Node) Daemons() (names []string) {
	for _, name := range []string{OVSDB, Vswitchd, Controller, Flowhost} {
		if n.daemons[name] != "" {
			names = append(names, name)
		}
	}
	return names
}

// FlowCount is how many flows br-int has.
func (n *Node) FlowCount() (count int, err error) {
	out, err := n.Try("ovs-ofctl -O OpenFlow15 dump-aggregate br-int")
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(out, "flow_count=")
	if _, err := fmt.Sscan(after, &count); err != nil {
		return 0, fmt.Errorf("no flow count in %q", out)
	}
	return count, nil
}

// Youngest is the age of the youngest flow of br-int.
func (n *Node) Youngest(t testing.TB) time.Duration {
	t.Helper()
	out := n.Run(t, "ovs-ofctl -O OpenFlow15 dump-flows br-int | sed -n 's/.*duration=\\([^,]*\\)s,.*/\\1/p' | sort -n | sed -n 1p")
	age, err := time.ParseDuration(strings.TrimSpace(out) + "s")
	if err != nil {
		t.Fatal(err)
	}
	return age
}
