package network

import (
	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/plugins/lflow/compiler"
	"github.com/flowhost/flowhost/sdk/flow"
)

// multicastGroup names a multicast group. Groups of the same name are in many datapaths.
type multicastGroup struct {
	datapath string // its UUID
	name     string
}

// multicastKey is a multicast group's tunnel key, and the row that has it.
type multicastKey struct {
	id  uuid.UUID
	key uint32
}

func (n *Network) setMulticast(id uuid.UUID, old, new *sb.MulticastGroup) {
	for _, row := range []*sb.MulticastGroup{old, new} {
		if row == nil {
			continue
		}
		at := multicastGroup{row.Datapath, row.Name}
		switch {
		case row == new:
			n.multicast[at] = multicastKey{id, uint32(row.TunnelKey)}
		case n.multicast[at].id == id: // or else it was made anew, maybe with the same key, before it went
			delete(n.multicast, at)
		}
		if datapath, err := uuid.Parse(row.Datapath); err == nil {
			n.answers[compiler.Read{Kind: compiler.Port, Name: row.Name, Datapath: datapath}] = struct{}{}
		}
	}
}

// noPort is what logical flows call the port that an outport names before any was chosen.
const noPort = "none"

// Port is the tunnel key of a logical port or multicast group of a datapath (lflow.c, lookup_port_cb).
func (n *Network) Port(datapath uuid.UUID, name string) (key uint32, ok bool) {
	if name == noPort {
		return 0, true
	}
	d := n.datapaths[datapath]
	if d == nil {
		return 0, false
	}
	if row := n.local.Row(name); row != nil && row.Datapath == d.UUID {
		return uint32(row.TunnelKey), true
	}
	group, ok := n.multicast[multicastGroup{d.UUID, name}]
	return group.key, ok
}

// Related says whether a logical port has to do with this chassis.
func (n *Network) Related(port string) bool { return n.local.Related(port) }

// chassisRedirect is the type of ports that are where the gateway is.
const chassisRedirect = "chassisredirect"

// Resident says whether a logical port is on this chassis: is bound here, or may be, if it is a gateway's (lflow.c,
// is_chassis_resident_cb).
func (n *Network) Resident(port string) bool {
	row := n.local.Row(port)
	switch {
	case row == nil || n.local.Self() == "":
		return false
	case row.Type == chassisRedirect:
		return n.local.IsActive(row, nil)
	}
	return row.Chassis != nil && *row.Chassis == n.local.Self()
}

// TunnelPort is the OpenFlow port of the tunnel to the chassis where a logical port is (lflow.c, tunnel_ofport_cb).
func (n *Network) TunnelPort(port string) (ofport flow.Port, ok bool) {
	row := n.local.Row(port)
	if row == nil || row.Chassis == nil {
		return 0, false
	}
	chassis := n.local.Chassis(*row.Chassis)
	if chassis == nil {
		return 0, false
	}
	tunnels := n.local.Tunnels(chassis.Name)
	if len(tunnels) == 0 {
		return 0, false
	}
	return flow.Port(tunnels[0].Ofport), true
}
