package main

import (
	"encoding/binary"
	"fmt"

	"github.com/flowhost/flowhost/internal/ovn/ether"
	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/sdk/flow"
)

// A router is on every chassis with the same Ethernet address; so that the switches of a physical network do not see it move about, each
// chassis sends with an address of its own there, and takes the others' for the router's (ovn-controller(8), ovn-chassis-mac-mappings).

// macMappings is the key of external_ids, and of Chassis.other_config, that has "NETWORK:MAC,…".
const macMappings = "ovn-chassis-mac-mappings"

// conjunctionMAC is the conjunction of "from another chassis" and "of this VLAN" (physical.c, CHASSIS_MAC_TO_ROUTER_MAC_CONJID).
const conjunctionMAC = 100

func clause(n uint8) flow.Action {
	return flow.Conjunction(flow.Conj{ID: conjunctionMAC, Clause: n, Clauses: 2})
}

// chassisMACs makes the flows that know packets from another chassis by their address.
func (e *evaluation) chassisMACs(id string) {
	row := e.chassis(id)
	if row == nil || e.isSelfID(id) {
		return
	}
	text := row.OtherConfig[macMappings]
	if text == "" {
		text = row.ExternalIDs[macMappings]
	}
	for _, address := range local.Mappings(text) {
		m, err := ether.Parse(address)
		if err != nil {
			e.fail(err)
			continue
		}
		e.share(shareName("chassis MAC", number(m)), noRow, e.pipeline.Tables.PhyToLog, 180, []flow.Term{flow.EthSrc.IsBytes(m[:])}, clause(0))
	}
}

func number(m ether.MAC) uint64 { return binary.BigEndian.Uint64(append([]byte{0, 0}, m[:]...)) }

// vlanTerm matches what a localnet port's VLAN has.
func vlanTerm(tag int) flow.Term {
	if tag == 0 {
		return untagged
	}
	return flow.VLANVID.Is(uint64(vlanPresent | tag))
}

// toRouterMAC makes what comes from another chassis by a localnet port come from the router (physical.c,
// put_replace_chassis_mac_flows).
func (e *evaluation) toRouterMAC(row *sb.PortBinding, a attachment) {
	p := e.pipeline
	for router := range e.peers(row.Datapath) {
		m, ok := e.firstMAC(router)
		if !ok {
			continue
		}
		ingress, known := e.ingress(row)
		if !known {
			return
		}
		var actions []flow.Action
		if a.tag != 0 {
			actions = append(actions, flow.PopVLAN())
		}
		actions = append(actions, ingress...)
		actions = append(actions, flow.SetFieldBytes(flow.EthSrc, m[:]), flow.Resubmit(p.Tables.LogIngress))
		e.contend(router.UUID, cookieOf(router), p.Tables.PhyToLog, 180, // of several routers each wants it
			[]flow.Term{flow.InPort.Is(uint64(a.ofport)), vlanTerm(a.tag), flow.ConjID.Is(conjunctionMAC)}, actions...)
		e.share(fmt.Sprint("chassis MAC VLAN ", a.tag), noRow, p.Tables.PhyToLog, 180, []flow.Term{vlanTerm(a.tag)}, clause(1))
	}
}

// fromRouterMAC makes what goes out by a localnet port from a router come from this chassis (physical.c,
// put_replace_router_port_mac_flows), unless the router's gateway is here.
func (e *evaluation) fromRouterMAC(row *sb.PortBinding, a attachment) {
	address := local.Mappings(e.setting(macMappings))[row.Options["network_name"]]
	if address == "" {
		return
	}
	own, err := ether.Parse(address)
	if err != nil {
		e.fail(err)
		return
	}
	for router := range e.peers(row.Datapath) {
		m, ok := e.firstMAC(router)
		if gateway := e.row("cr-" + router.LogicalPort); !ok || gateway != nil && e.isResident(gateway) {
			continue
		}
		actions := []flow.Action{flow.SetFieldBytes(flow.EthSrc, own[:])}
		if a.tag != 0 {
			actions = append(actions, pushVLAN(row, a.tag)...)
		}
		actions = append(actions, flow.Output(flow.Port(a.ofport)), flow.SetFieldBytes(flow.EthSrc, m[:]))
		if a.tag != 0 {
			actions = append(actions, flow.PopVLAN())
		}
		e.add(e.pipeline.Tables.LogToPhy, 150, e.to(row, flow.EthSrc.IsBytes(m[:])), actions...)
	}
}

// peers are the ports of routers behind the patch ports of a switch.
func (e *evaluation) peers(datapath string) func(func(*sb.PortBinding) bool) {
	e.reads(local.KindPeers, datapath)
	e.reads(local.KindSelf, "")
	return func(yield func(*sb.PortBinding) bool) {
		for row := range e.local.Peers(datapath) {
			e.reads(local.KindPort, row.LogicalPort)
			if !yield(row) {
				return
			}
		}
	}
}

// cookieOf is the cookie of flows that stand for a row.
func cookieOf(row *sb.PortBinding) flow.Cookie {
	id := what{kindPort, row.UUID}.id()
	if cookie := flow.Cookie(binary.BigEndian.Uint32(id[:4])); cookie != 0 {
		return cookie
	}
	return noRow
}
