package main

import (
	"errors"
	"fmt"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/sdk/flow"
)

var errOtherDatapath = errors.New("a port of another datapath is in it")

// delivery is what a multicast group does with a packet.
type delivery struct {
	group  *sb.MulticastGroup
	local  []flow.Action // wherever it came from
	remote []flow.Action // if it came in on this chassis
	// Names of the chassis that get a copy, and of those that are VTEP switches.
	chassis, vteps hashSet
}

// multicast makes the flows of a multicast group (physical.c, consider_mc_group).
func (e *evaluation) multicast(id string) {
	group := e.groups[id]
	if group == nil {
		return
	}
	datapath := e.localKey(group.Datapath)
	switch {
	case e.key(group.Datapath) == 0:
		e.fail(errNoDatapath)
		return
	case datapath == 0:
		return
	case group.TunnelKey < firstMulticast || group.TunnelKey >= 2*firstMulticast || datapath > maxDatapathKey:
		e.fail(errKey)
		return
	}
	d := &delivery{group: group, local: make([]flow.Action, 0, 3*len(group.Ports)+2)}
	for _, port := range group.Ports {
		row := e.binding(port)
		switch {
		case row == nil:
		case row.Datapath != group.Datapath:
			e.fail(fmt.Errorf("%w: %s", errOtherDatapath, row.LogicalPort))
		default:
			e.deliver(d, row)
		}
	}
	p := e.pipeline
	to := []flow.Term{p.Datapath.Is(datapath), p.Outport.Is(uint64(group.TunnelKey))}
	back := flow.SetField(p.Outport, uint64(group.TunnelKey))
	if len(d.local) > 0 {
		e.add(p.Tables.LocalOutput, 100, to, append(d.local, back)...)
	}
	if len(d.remote) > 0 {
		d.remote = append(d.remote, back)
	}
	e.fanOut(d, datapath, &d.chassis, false)
	e.fanOut(d, datapath, &d.vteps, true)
	if len(d.remote) == 0 {
		return
	}
	if len(d.local) > 0 {
		d.remote = append(d.remote, flow.Resubmit(p.Tables.LocalOutput))
	}
	e.add(p.Tables.RemoteOutput, 100, to, d.remote...)
}

// deliver enters a port of the group.
func (e *evaluation) deliver(d *delivery, row *sb.PortBinding) {
	p := e.pipeline
	if zone, _ := e.zone(row.LogicalPort); zone != 0 {
		d.local = append(d.local, flow.SetField(p.Zone, uint64(zone))) // also for ports that are none of this list's, as in OVN 23.03
	}
	output := func(key int) []flow.Action {
		return []flow.Action{flow.SetField(p.Outport, uint64(key)), flow.Resubmit(p.Tables.CheckLoopback)}
	}
	switch {
	case row.Type == typePatch && e.isTransit(row.Datapath):
		d.local = append(d.local, output(row.TunnelKey)...)
	case row.Type == typeLocalport, row.Type == typePatch:
		d.remote = append(d.remote, output(row.TunnelKey)...)
	case row.Type == typeRemote:
		e.deliverRemote(d, row)
	case e.isBoundHere(row), e.patch(row.LogicalPort) != 0:
		if _, ok := e.zones(row); ok {
			d.local = append(d.local, output(row.TunnelKey)...)
		}
	case row.Type == typeRedirect && e.isSelf(row.Chassis):
		if distributed := e.row(row.Options["distributed-port"]); distributed != nil && distributed.Datapath == row.Datapath {
			d.local = append(d.local, output(distributed.TunnelKey)...)
		}
	case e.localnet(row.Datapath) == nil: // otherwise the network takes it there
		if row.Chassis != nil {
			e.addChassis(d, *row.Chassis)
		}
		for _, id := range row.AdditionalChassis {
			e.addChassis(d, id)
		}
	}
}

// isBoundHere says whether a port is bound here and has what it needs.
func (e *evaluation) isBoundHere(row *sb.PortBinding) bool {
	if !e.isSelf(row.Chassis) && !e.isAdditional(row) {
		return false
	}
	if row.Type == typeL3Gateway {
		return true
	}
	if row.ParentPort != nil && *row.ParentPort != "" {
		if row = e.row(*row.ParentPort); row == nil {
			return false
		}
	}
	if !isVIF(row) && row.Type != typeLocalport {
		return false
	}
	ofport, _ := e.plugged(row)
	return ofport != 0
}

// deliverRemote enters a port of another availability zone: its chassis gets a copy of its own.
func (e *evaluation) deliverRemote(d *delivery, row *sb.PortBinding) {
	if row.Chassis == nil {
		return
	}
	chassis := e.chassis(*row.Chassis)
	if chassis == nil {
		return
	}
	d.remote = append(d.remote, flow.SetField(e.pipeline.Outport, uint64(row.TunnelKey)))
	if t, ok := e.tunnelTo(chassis.Name, ""); ok {
		d.remote = append(d.remote, e.encapsulate(t, e.key(row.Datapath), uint64(row.TunnelKey), false)...)
		d.remote = append(d.remote, flow.Output(flow.Port(t.Ofport)))
	}
}

func (e *evaluation) addChassis(d *delivery, id string) {
	chassis := e.chassis(id)
	switch {
	case chassis == nil:
	case chassis.OtherConfig["is-vtep"] == "true":
		d.vteps.add(chassis.Name)
	default:
		d.chassis.add(chassis.Name)
	}
}

// fanOut sends a copy to each of the chassis; the fields of tunnels are written anew where their types differ.
func (e *evaluation) fanOut(d *delivery, datapath uint64, chassis *hashSet, ramp bool) {
	var before local.Tunnel
	for _, name := range chassis.names() {
		t, ok := e.tunnelTo(name, "")
		if !ok || t.Kind == typeGeneve && e.option() == nil {
			continue
		}
		if t.Kind != before.Kind {
			d.remote = append(d.remote, e.encapsulate(t, datapath, uint64(d.group.TunnelKey), ramp)...)
			before = t
		}
		d.remote = append(d.remote, flow.Output(flow.Port(t.Ofport)))
	}
}
