package main

import (
	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/sdk/flow"
)

// fromMultichassis makes the flows that tunnel what a port that is on several chassis sends to one that is reached through a
// localnet port otherwise: the physical network must not learn that the sender is in two places (physical.c,
// enforce_tunneling_for_multichassis_ports).
func (e *evaluation) fromMultichassis(row *sb.PortBinding) {
	e.reads(local.KindMultichassis, row.Datapath)
	var tunnels []local.Tunnel
	var actions []flow.Action
	for sender := range e.local.Multichassis(row.Datapath) {
		e.reads(local.KindPort, sender.LogicalPort)
		if tunnels == nil {
			tunnels = e.remoteTunnels(row)
			if actions = e.toTunnels(row, tunnels); actions == nil {
				return
			}
		}
		e.add(e.pipeline.Tables.RemoteOutput, 110, e.to(row, e.pipeline.Inport.Is(uint64(sender.TunnelKey))), actions...)
		if mtu := e.effectiveMTU(sender, tunnels); mtu > ethernetOverhead {
			e.tooLarge(row, sender, mtu)
		}
	}
}
