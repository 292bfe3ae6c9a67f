package main

import (
	"fmt"
	"strings"

	"github.com/flowhost/flowhost/internal/ovn/pipeline"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/sdk/flow"
)

// vlanPresent is the bit of vlan_tci and vlan_vid that says that there is a tag.
const vlanPresent = 0x1000

// Ethernet types of VLAN tags: 802.1Q and 802.1ad.
const (
	etherTypeVLAN        = 0x8100
	etherTypeServiceVLAN = 0x88a8
)

// here makes the flows of a port that is attached to this switch: by an interface, behind another port's, or by a patch port.
func (e *evaluation) here(row *sb.PortBinding, a attachment) {
	e.common(row, a.parent)
	e.fromPhysical(row, a)
	p := e.pipeline
	e.add(p.Tables.LogToPhy, 100, e.to(row), e.output(row, a)...)
	switch row.Type {
	case typeLocalport:
		// Every chassis has one of its own: what it sends does not go to other chassis.
		e.add(p.Tables.RemoteOutput, 150, []flow.Term{p.Datapath.Is(e.key(row.Datapath)), p.Inport.Is(uint64(row.TunnelKey))},
			flow.Resubmit(p.Tables.LocalOutput))
	case typeLocalnet:
		e.localnetHere(row, a)
	}
}

// fromPhysical makes the flows for what comes from a port's attachment.
func (e *evaluation) fromPhysical(row *sb.PortBinding, a attachment) {
	p, network := e.pipeline, row.Type == typeLocalnet || row.Type == typeL2Gateway
	in := flow.InPort.Is(uint64(a.ofport))
	actions, ok := e.ingress(row)
	if !ok {
		return
	}
	if row.Type == typeLocalport {
		actions = append(actions, setFlag(p, pipeline.FlagLocalport))
	}
	actions = append(actions, flow.Resubmit(p.Tables.LogIngress))
	if network && a.tag == 0 { // VLAN 0, below, is a priority without a VLAN; without any tag it is the same
		e.add(p.Tables.PhyToLog, 100, []flow.Term{in, untagged}, actions...)
	}
	if a.tag == 0 && (!network || row.Options["vlan-passthru"] == "true") {
		e.add(p.Tables.PhyToLog, 100, []flow.Term{in}, actions...)
		e.activation(row, in, nil)
		return
	}
	tagged := []flow.Action{flow.PopVLAN()}
	if a.parent != nil {
		tagged = []flow.Action{setFlag(p, pipeline.FlagNestedContainer), flow.PopVLAN()}
	}
	priority := flow.Priority(100)
	if a.tag != 0 {
		priority = 150
	}
	vlan := flow.VLANVID.Is(uint64(vlanPresent | a.tag))
	e.add(p.Tables.PhyToLog, priority, []flow.Term{in, vlan}, append(tagged, actions...)...)
	e.activation(row, in, tagged)
}

// untagged matches packets without a VLAN tag.
var untagged = flow.VLANVID.IsMasked(0, vlanPresent)

// output puts a packet out by a port's attachment. The type of its VLAN tag is that of the switch's localnet port, whatever port it is.
func (e *evaluation) output(row *sb.PortBinding, a attachment) []flow.Action {
	out := []flow.Action{flow.Output(flow.Port(a.ofport))}
	if a.tag == 0 {
		return out
	}
	return append(append(pushVLAN(e.localnet(row.Datapath), a.tag), out...), flow.PopVLAN())
}

// pushVLAN adds a VLAN tag of the type that a localnet port wants, which may be nil (ovn-nb(5), Logical_Switch_Port, options:ethtype).
func pushVLAN(localnet *sb.PortBinding, tag int) []flow.Action {
	etherType := uint16(etherTypeVLAN)
	if localnet != nil && strings.EqualFold(localnet.Options["ethtype"], "802.11ad") {
		etherType = etherTypeServiceVLAN
	}
	return []flow.Action{flow.PushVLAN(etherType), flow.SetField(flow.VLANVID, uint64(vlanPresent|tag))}
}

func shareName(what string, numbers ...uint64) string { return fmt.Sprint(what, numbers) }
