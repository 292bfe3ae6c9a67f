package main

import (
	"errors"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/sdk/flow"
)

var (
	errNoDistributed    = errors.New("there is no port like its distributed-port")
	errOtherDistributed = errors.New("its distributed-port is on another datapath")
)

// isResident says whether a chassisredirect port is here: it is bound here, or this chassis is the first of its group that is there.
func (e *evaluation) isResident(row *sb.PortBinding) bool {
	return e.isSelf(row.Chassis) || e.local.IsActive(row, e.read)
}

// redirectHere makes the flow of a chassisredirect port that is here: it stands for its distributed port.
func (e *evaluation) redirectHere(row *sb.PortBinding) {
	var actions []flow.Action
	distributed := e.row(row.Options["distributed-port"])
	switch {
	case distributed == nil:
		e.fail(errNoDistributed)
	case distributed.Datapath != row.Datapath:
		e.fail(errOtherDistributed)
	default:
		zones, ok := e.zones(distributed)
		if !ok {
			return
		}
		actions = append(actions, flow.SetField(e.pipeline.Outport, uint64(distributed.TunnelKey)))
		actions = append(actions, zones...)
		actions = append(actions, flow.Resubmit(e.pipeline.Tables.CheckLoopback))
	}
	e.add(e.pipeline.Tables.LocalOutput, 100, e.to(row), actions...)
}

// isBridged says whether packets go to a gateway elsewhere through the physical network, not a tunnel.
func (e *evaluation) isBridged(row *sb.PortBinding) bool {
	return row.Type == typeRedirect && row.Options["redirect-type"] == "bridged"
}

// redirectBridged sends packets for a gateway elsewhere out by the localnet port of the switch before the router, to the gateway's
// Ethernet address (physical.c, put_remote_port_redirect_bridged).
func (e *evaluation) redirectBridged(row *sb.PortBinding) {
	mac, ok := e.firstMAC(row)
	if !ok {
		return
	}
	distributed := e.row(row.Options["distributed-port"])
	if distributed == nil {
		return
	}
	peer := e.row(distributed.Options["peer"])
	if peer == nil {
		return
	}
	localnet := e.localnet(peer.Datapath)
	if localnet == nil {
		return
	}
	p := e.pipeline
	e.add(p.Tables.LocalOutput, 100, e.to(row),
		flow.SetFieldBytes(flow.EthSrc, mac[:]),
		flow.SetField(p.Datapath, e.key(peer.Datapath)),
		flow.SetField(p.Outport, uint64(localnet.TunnelKey)),
		flow.Resubmit(p.Tables.LogToPhy))
}
