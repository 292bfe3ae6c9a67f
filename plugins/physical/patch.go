package main

import (
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/sdk/flow"
)

// patchPort makes the flows of a port that joins two datapaths here: what goes out by it comes in by its peer. From gateway router to
// gateway router nothing goes unless both are here: ovn-controller is told of those of other chassis only if it monitors all rows, and
// then they are local (update_sb_monitors).
func (e *evaluation) patchPort(row *sb.PortBinding) {
	peer := e.row(row.Options["peer"])
	if peer == nil || peer.Type != row.Type || peer.Options["peer"] != row.LogicalPort {
		return
	}
	if row.Type == typeL3Gateway && e.localKey(peer.Datapath) == 0 {
		return
	}
	e.common(row, nil)
	ingress, ok := e.ingress(peer)
	if !ok {
		return
	}
	p := e.pipeline
	actions := []flow.Action{flow.CTClear()}
	for _, register := range []*flow.Field{p.DNATZone, p.SNATZone, p.Zone} {
		actions = append(actions, flow.SetField(register, 0))
	}
	actions = append(actions, ingress...)
	actions = append(actions, flow.SetField(p.Flags, 0), flow.SetField(p.Outport, 0))
	actions = append(actions, clearScratch(p)...)
	actions = append(actions, flow.Resubmit(p.Tables.LogIngress))
	e.add(p.Tables.LogToPhy, 100, e.to(row), flow.Clone(actions...))
}
