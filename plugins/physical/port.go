package main

import (
	"errors"
	"slices"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/pipeline"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/sdk/flow"
)

// Types of logical ports (ovn-sb(5), Port_Binding, type).
const (
	typeVIF       = ""
	typePatch     = "patch"
	typeLocalnet  = "localnet"
	typeLocalport = "localport"
	typeL2Gateway = "l2gateway"
	typeL3Gateway = "l3gateway"
	typeRedirect  = "chassisredirect"
	typeVTEP      = "vtep"
	typeRemote    = "remote"
)

// port makes the flows of a logical port (physical.c, consider_port_binding). Its datapath has to be local.
func (e *evaluation) port(id string) {
	row := e.binding(id)
	switch {
	case row == nil:
		return
	case e.key(row.Datapath) == 0:
		e.fail(errNoDatapath)
		return
	case e.localKey(row.Datapath) == 0:
		return
	case row.TunnelKey < 1 || row.TunnelKey > maxPortKey || e.key(row.Datapath) > maxDatapathKey:
		e.fail(errKey)
		return
	}
	if row.Type == typeVTEP {
		e.fromRamp(row)
	}
	switch {
	case row.Type == typePatch, row.Type == typeL3Gateway && e.isSelf(row.Chassis):
		e.patchPort(row)
	case row.Type == typeRedirect && e.isResident(row):
		e.redirectHere(row)
	default:
		e.access(row)
	}
}

// access finds out how a port is reached, and makes the flows for that.
func (e *evaluation) access(row *sb.PortBinding) {
	a, ok := e.attach(row)
	if !ok {
		return
	}
	switch localnet := e.localnet(row.Datapath); {
	case a.ofport != 0:
		e.here(row, a)
		e.remote(row)
	case localnet != nil && len(row.AdditionalChassis) == 0:
		if e.patch(localnet.LogicalPort) != 0 {
			e.throughLocalnet(row, localnet)
		}
	case len(e.members(row)) >= 2 && !e.isBridged(row):
		e.remoteHA(row)
	default:
		e.remote(row)
	}
}

// attachment is where a port is attached to the switch.
type attachment struct {
	ofport int             // 0: not here
	tag    int             // of its VLAN, 0 for none
	parent *sb.PortBinding // of a container
}

// The highest tunnel keys (ovn-sb(5), Datapath_Binding and Port_Binding, tunnel_key).
const (
	maxDatapathKey = 1<<24 - 1
	maxPortKey     = 1<<15 - 1
)

// What is wrong with rows.
var (
	errNoDatapath = errors.New("its datapath is not there")
	errKey        = errors.New("a tunnel key is out of range")
	errNoTag      = errors.New("a container has no tag")
	errNoParent   = errors.New("there is no port like its parent")
	errTag        = errors.New("its tag is another container's, too")
)

// attach finds a port's attachment; false when there cannot be one, here or elsewhere.
func (e *evaluation) attach(row *sb.PortBinding) (a attachment, ok bool) {
	tag := 0
	if row.Tag != nil {
		tag = *row.Tag
	}
	switch {
	case row.ParentPort != nil && *row.ParentPort != "":
		if row.Tag == nil {
			e.fail(errNoTag)
			return a, false
		}
		if e.reads(local.KindTag, local.TagName(*row.ParentPort, tag)); len(e.local.Tagged(*row.ParentPort, tag)) > 1 {
			e.fail(errTag)
		}
		parent := e.row(*row.ParentPort)
		if parent == nil {
			e.fail(errNoParent)
		} else if isVIF(parent) {
			if ofport, _ := e.plugged(parent); ofport != 0 {
				return attachment{ofport: ofport, tag: tag, parent: parent}, true
			}
		}
	case row.Type == typeLocalnet || row.Type == typeL2Gateway:
		if a.ofport = e.patch(row.LogicalPort); a.ofport != 0 {
			a.tag = tag
		}
	case isVIF(row) || row.Type == typeLocalport:
		e.reads(local.KindSelf, "")
		if e.local.CanBind(row) {
			a.ofport, _ = e.plugged(row)
		}
	}
	return a, true
}

// isVIF says whether a port can have an interface of its own.
func isVIF(row *sb.PortBinding) bool {
	return row.Type == typeVIF && (row.ParentPort == nil || *row.ParentPort == "")
}

// to matches what goes out by a port.
func (e *evaluation) to(row *sb.PortBinding, more ...flow.Term) []flow.Term {
	return append([]flow.Term{e.pipeline.Datapath.Is(e.key(row.Datapath)), e.pipeline.Outport.Is(uint64(row.TunnelKey))}, more...)
}

// zones writes the conntrack zones of a port (physical.c, put_zones_ofpacts). It is false while there is one that the port needs and
// that is not assigned yet: without, its connections would be tracked together with those of others.
func (e *evaluation) zones(row *sb.PortBinding) (actions []flow.Action, ok bool) {
	ok = true
	isLocal := e.localKey(row.Datapath) != 0
	for _, z := range []struct {
		key      string
		register *flow.Field
		needed   bool
	}{
		{row.LogicalPort, e.pipeline.Zone, e.hasZone(row)},
		{row.Datapath + "_dnat", e.pipeline.DNATZone, isLocal},
		{row.Datapath + "_snat", e.pipeline.SNATZone, isLocal},
	} {
		zone, assigned := e.zone(z.key)
		if zone != 0 { // which the register has otherwise
			actions = append(actions, flow.SetField(z.register, uint64(zone)))
		}
		ok = ok && (assigned || !z.needed)
	}
	return actions, ok
}

// isZoned says whether the zones are there that the flows of a port write that is bound here.
func (n *network) isZoned(row *sb.PortBinding) bool {
	keys := []string{row.Datapath + "_dnat", row.Datapath + "_snat"}
	if row.Type == typeVIF {
		keys = append(keys, row.LogicalPort)
	}
	return !slices.ContainsFunc(keys, func(key string) bool { _, assigned := n.local.Zone(key); return !assigned })
}

// hasZone says whether a port that is attached here has a conntrack zone of its own (ovn-controller.c, update_ct_zones). A container that
// is requested elsewhere has none, though it has flows.
func (e *evaluation) hasZone(row *sb.PortBinding) bool {
	switch row.Type {
	case typeVIF:
		e.reads(local.KindSelf, "")
		return e.local.CanBind(row)
	case typeLocalport, typeLocalnet, typeL2Gateway:
		return true
	}
	return false
}

// ingress writes what tells that a packet comes in by a port; false while that is not known.
func (e *evaluation) ingress(row *sb.PortBinding) ([]flow.Action, bool) {
	actions, ok := e.zones(row)
	return append(actions,
		flow.SetField(e.pipeline.Datapath, e.key(row.Datapath)), flow.SetField(e.pipeline.Inport, uint64(row.TunnelKey))), ok
}

// common makes the flows of every port that packets can be given to here (physical.c, put_local_common_flows).
func (e *evaluation) common(row, parent *sb.PortBinding) {
	p := e.pipeline
	if zones, ok := e.zones(row); ok {
		e.add(p.Tables.LocalOutput, 100, e.to(row), append(zones, flow.Resubmit(p.Tables.CheckLoopback))...)
	}
	e.add(p.Tables.CheckLoopback, 100,
		e.to(row, p.Inport.Is(uint64(row.TunnelKey)), p.Flags.IsMasked(0, 1<<pipeline.FlagAllowLoopback)))

	// The switch does not send a packet back by the port it came from unless it is told that it came from none. A container may
	// always be answered by another one behind the same port, and so may what it is in.
	in := flow.InPort.Whole()
	around := []flow.Action{flow.Push(in), noInPort, flow.Resubmit(p.Tables.LogToPhy), flow.Pop(in)}
	if parent == nil {
		e.add(p.Tables.SaveInport, 100, e.to(row, flag(p, pipeline.FlagAllowLoopback)), around...)
		return
	}
	e.add(p.Tables.SaveInport, 100, e.to(row), around...)
	datapath, outport := e.key(row.Datapath), uint64(parent.TunnelKey)
	e.share(shareName("nested", datapath, outport), noRow, p.Tables.SaveInport, 100,
		[]flow.Term{p.Datapath.Is(datapath), p.Outport.Is(outport), flag(p, pipeline.FlagNestedContainer)}, around...)
}
