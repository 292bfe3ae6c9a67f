package main

import (
	"errors"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/sdk/flow"
)

// noInPort makes a packet come from no port (OpenFlow's OFPP_NONE), so that it may go back by the one it came from.
var noInPort = flow.SetField(flow.InPort, 0xffff)

var errNoTunnel = errors.New("no tunnel to any of its chassis")

// remote makes the flow that sends packets to the other chassis that a port is on (physical.c, put_remote_port_redirect_overlay).
func (e *evaluation) remote(row *sb.PortBinding) {
	if e.isBridged(row) {
		e.redirectBridged(row)
		return
	}
	actions := e.toTunnels(row, e.remoteTunnels(row))
	if actions == nil {
		return
	}
	t := e.pipeline.Tables
	e.add(t.RemoteOutput, 100, e.to(row), append(actions, flow.Resubmit(t.LocalOutput))...) // it may be here, too
}

// toTunnels sends a packet for a port by tunnels; nil if there are none.
func (e *evaluation) toTunnels(row *sb.PortBinding, tunnels []local.Tunnel) (actions []flow.Action) {
	ramp := row.Type == typeVTEP
	for _, t := range tunnels {
		if fields := e.encapsulate(t, e.key(row.Datapath), uint64(row.TunnelKey), ramp); fields != nil {
			actions = append(append(actions, fields...), flow.Output(flow.Port(t.Ofport)))
		}
	}
	if ramp && actions != nil {
		actions = append([]flow.Action{noInPort}, actions...)
	}
	return actions
}

// remoteHA makes the flow that sends packets to the first of several chassis that BFD says is there (physical.c,
// put_remote_port_redirect_overlay_ha_remote).
func (e *evaluation) remoteHA(row *sb.PortBinding) {
	var first local.Tunnel
	var members []flow.Port
	for _, m := range e.members(row) {
		chassis := e.chassis(m.Chassis)
		if chassis == nil {
			continue
		}
		t, ok := e.tunnelTo(chassis.Name, "")
		switch {
		case !ok:
			continue
		case len(members) == 0:
			first = t
		case t.Kind != first.Kind:
			e.fail(errMixed)
			return
		}
		members = append(members, flow.Port(t.Ofport))
	}
	if len(members) == 0 {
		e.fail(errNoTunnel)
		return
	}
	actions := e.encapsulate(first, e.key(row.Datapath), uint64(row.TunnelKey), row.Type == typeVTEP)
	if actions == nil {
		return
	}
	e.add(e.pipeline.Tables.RemoteOutput, 100, e.to(row), append(actions,
		flow.Bundle(flow.BundleOptions{Fields: flow.HashEthSrc, Algorithm: flow.MemberActiveBackup, Members: members}))...)
}
