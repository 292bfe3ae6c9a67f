package main

import (
	"fmt"

	"github.com/flowhost/flowhost/internal/ovn/ether"
	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/pipeline"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/sdk/flow"
)

// localnetHere makes the flows of a localnet port, beside those of every port.
func (e *evaluation) localnetHere(row *sb.PortBinding, a attachment) {
	p := e.pipeline
	for _, bit := range []int{pipeline.FlagLocalport, pipeline.FlagLocalOnly} { // what these say is not for the network
		e.add(p.Tables.CheckLoopback, 160, e.to(row, flag(p, bit)))
	}
	e.fromLocalportToExternal(row)
	e.toRouterMAC(row, a)
	e.fromRouterMAC(row, a)
}

// throughLocalnet makes the flows of a port elsewhere on a switch that has a localnet port: it is reached through that.
func (e *evaluation) throughLocalnet(row, localnet *sb.PortBinding) {
	p := e.pipeline
	e.add(p.Tables.LocalOutput, 100, e.to(row),
		flow.SetField(p.Outport, uint64(localnet.TunnelKey)), flow.Resubmit(p.Tables.LocalOutput))
	e.fromMultichassis(row)
}

// fromLocalportToExternal lets localports talk to the external ports that this chassis has claimed: of all that goes to the network, what
// goes there may come from a localport.
func (e *evaluation) fromLocalportToExternal(row *sb.PortBinding) {
	p := e.pipeline
	e.reads(local.KindExternal, row.Datapath)
	for external := range e.local.External(row.Datapath) {
		e.reads(local.KindPort, external.LogicalPort)
		if !e.isSelf(external.Chassis) {
			continue
		}
		for _, text := range external.MAC {
			mac, _, err := ether.Cut(text)
			if err != nil {
				e.fail(fmt.Errorf("port %s: %w", external.LogicalPort, err))
				continue
			}
			e.add(p.Tables.CheckLoopback, 170, e.to(row, flag(p, pipeline.FlagLocalport), flow.EthDst.IsBytes(mac[:])),
				append(clearScratch(p), flow.Resubmit(p.Tables.LogEgress))...)
		}
	}
}
