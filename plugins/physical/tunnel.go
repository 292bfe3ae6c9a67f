package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/pipeline"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/sdk/flow"
)

// Tunnel types (ovn-sb(5), Encap, type).
const (
	typeGeneve = "geneve"
	typeVXLAN  = "vxlan"
	typeSTT    = "stt"
)

// VXLAN has 24 bits for the datapath and the port: 12 each. Of those, a port that is a multicast group has the highest set, and of its
// key, which begins at 32768, only the lower ones (physical.c, get_vxlan_port_key).
const (
	vxlanBits      = 12
	vxlanMulticast = 1 << (vxlanBits - 1)
	firstMulticast = 32768
)

// firstRamp is the lowest priority of what comes from VTEP switches, above what comes from other chassis.
const (
	priorityTunnel          = 100
	priorityTunnelMulticast = 105
	priorityTunnelRamp      = 110
)

var errMixed = errors.New("its chassis have tunnels of different types")

// fromTunnels makes the flows for what comes by the tunnels from a chassis (ovn-architecture(7), Tunnel Encapsulations).
func (e *evaluation) fromTunnels(chassis string) {
	for _, t := range e.tunnels(chassis) {
		if actions := e.decapsulate(t); actions != nil {
			in := []flow.Term{flow.InPort.Is(uint64(t.Ofport))}
			e.addFor(noRow, e.pipeline.Tables.PhyToLog, priorityTunnel, in, append(actions, flow.Resubmit(e.pipeline.Tables.LocalOutput))...)
		}
		if t.Kind == typeVXLAN {
			e.fromVXLANMulticast(t)
		}
	}
}

// decapsulate reads the logical datapath and ports that a tunnel carries; nil while the switch has no field for them.
func (e *evaluation) decapsulate(t local.Tunnel) []flow.Action {
	p := e.pipeline
	switch t.Kind {
	case typeGeneve:
		option := e.option()
		if option == nil {
			return nil
		}
		return []flow.Action{
			flow.Move(flow.TunID.Part(0, 24), p.Datapath.Part(0, 24)),
			flow.Move(option.Part(16, 15), p.Inport.Part(0, 15)),
			flow.Move(option.Part(0, 16), p.Outport.Part(0, 16)),
		}
	case typeSTT:
		return []flow.Action{
			flow.Move(flow.TunID.Part(40, 15), p.Inport.Part(0, 15)),
			flow.Move(flow.TunID.Part(24, 16), p.Outport.Part(0, 16)),
			flow.Move(flow.TunID.Part(0, 24), p.Datapath.Part(0, 24)),
		}
	default:
		return []flow.Action{
			flow.Move(flow.TunID.Part(vxlanBits, vxlanBits), p.Outport.Part(0, vxlanBits)),
			flow.Move(flow.TunID.Part(0, vxlanBits), p.Datapath.Part(0, vxlanBits)),
		}
	}
}

func (e *evaluation) fromVXLANMulticast(t local.Tunnel) {
	p := e.pipeline
	const highest = vxlanMulticast << vxlanBits
	e.addFor(noRow, p.Tables.PhyToLog, priorityTunnelMulticast,
		[]flow.Term{flow.InPort.Is(uint64(t.Ofport)), flow.TunID.IsMasked(highest, highest)},
		flow.Load(p.Outport.Part(15, 1), 1),
		flow.Move(flow.TunID.Part(vxlanBits, vxlanBits-1), p.Outport.Part(0, vxlanBits-1)),
		flow.Move(flow.TunID.Part(0, vxlanBits), p.Datapath.Part(0, vxlanBits)),
		flow.Resubmit(p.Tables.LocalOutput))
}

// fromRamp makes the flows for what comes from a VTEP switch to its port. Such a switch says the datapath only; so the packet goes
// through the ingress pipeline here (physical.c, physical_run).
func (e *evaluation) fromRamp(row *sb.PortBinding) {
	if row.Chassis == nil {
		return
	}
	chassis, p := e.chassis(*row.Chassis), e.pipeline
	if chassis == nil {
		return
	}
	datapath := e.key(row.Datapath)
	for _, t := range e.tunnels(chassis.Name) {
		if t.Kind != typeVXLAN {
			continue
		}
		e.add(p.Tables.PhyToLog, priorityTunnelRamp,
			[]flow.Term{flow.InPort.Is(uint64(t.Ofport)), flow.TunID.Is(datapath)},
			flow.Move(flow.TunID.Part(0, 24), p.Datapath.Part(0, 24)),
			flow.Load(p.Inport.Part(0, 15), uint64(row.TunnelKey)),
			setFlag(p, pipeline.FlagRCVFromRamp),
			flow.Resubmit(p.Tables.LogIngress))
	}
}

// encapsulate writes the logical datapath and ports into a tunnel's fields; nil while the switch has none for them. A VTEP switch (ramp)
// is told the datapath only (physical.c, put_encapsulation).
func (e *evaluation) encapsulate(t local.Tunnel, datapath, outport uint64, ramp bool) []flow.Action {
	p := e.pipeline
	switch t.Kind {
	case typeGeneve:
		option := e.option()
		if option == nil {
			return nil
		}
		return []flow.Action{
			flow.Load(flow.TunID.Part(0, 24), datapath),
			flow.SetFieldBytes(option, binary.BigEndian.AppendUint32(nil, uint32(outport))), // all of it: the option has four bytes
			flow.Move(p.Inport.Part(0, 15), option.Part(16, 15)),
		}
	case typeSTT:
		return []flow.Action{
			flow.SetField(flow.TunID, datapath|outport<<24),
			flow.Move(p.Inport.Part(0, 15), flow.TunID.Part(40, 15)),
		}
	default:
		if outport >= firstMulticast {
			outport = vxlanMulticast | outport&(vxlanMulticast-1)
		}
		if !ramp {
			datapath |= outport << vxlanBits
		}
		return []flow.Action{flow.Load(flow.TunID.Part(0, 24), datapath)}
	}
}

// tunnelTo is the tunnel to a chassis, to this address of it if there is one (encaps.c, chassis_tunnel_find).
func (e *evaluation) tunnelTo(chassis, ip string) (local.Tunnel, bool) {
	tunnels := e.tunnels(chassis)
	for _, t := range tunnels {
		if t.IP == ip {
			return t, true
		}
	}
	if len(tunnels) == 0 {
		return local.Tunnel{}, false
	}
	return tunnels[0], true
}

// remoteTunnels are the tunnels to where a port is, but for this chassis: to its chassis, and to its additional ones.
func (e *evaluation) remoteTunnels(row *sb.PortBinding) (tunnels []local.Tunnel) {
	to := func(id, ip string) {
		if e.isSelfID(id) {
			return
		}
		chassis := e.chassis(id)
		if chassis == nil {
			return
		}
		if t, ok := e.tunnelTo(chassis.Name, ip); ok {
			tunnels = append(tunnels, t)
		} else {
			e.fail(fmt.Errorf("no tunnel to chassis %s", chassis.Name))
		}
	}
	if row.Chassis != nil {
		ip := ""
		if row.Encap != nil {
			e.reads(local.KindEncap, *row.Encap)
			ip = e.local.EncapIP(*row.Encap)
			if _, err := netip.ParseAddr(ip); err != nil {
				e.fail(fmt.Errorf("its encapsulation has a bad address: %w", err))
			}
		}
		to(*row.Chassis, ip)
	}
	for _, id := range row.AdditionalChassis {
		to(id, "") // additional_encap is of no consequence in OVN 23.03
	}
	return tunnels
}
