package main

import (
	"github.com/flowhost/flowhost/internal/ovn/pipeline"
	"github.com/flowhost/flowhost/sdk/flow"
)

// fixed makes the flows that are always there (physical.c, physical_run): what happens to packets that nothing else is said about, and
// the shortcuts of output.
func (e *evaluation) fixed() {
	p, t := e.pipeline, e.pipeline.Tables
	e.addFor(noRow, t.PhyToLog, 0, nil)
	e.addFor(noRow, t.LargePacketDetect, 0, nil, flow.Resubmit(t.RemoteOutput))
	e.addFor(noRow, t.LargePacketProcess, 10, flags(p, pipeline.FlagAllowLoopback), flow.Resubmit(t.LocalOutput))
	e.addFor(noRow, t.LargePacketProcess, 0, nil, flow.Resubmit(t.RemoteOutput))

	// What came from a VTEP switch is not sent to other chassis again, but for what logical flows have made of it.
	ramp := p.Flags.IsMasked(1<<pipeline.FlagRCVFromRamp, 1<<pipeline.FlagRCVFromRamp|1<<pipeline.FlagAllowLoopback)
	e.addFor(noRow, t.RemoteOutput, 150, []flow.Term{ramp}, flow.Resubmit(t.LocalOutput))
	e.addFor(noRow, t.RemoteOutput, 150, flags(p, pipeline.FlagLocalOnly), flow.Resubmit(t.LocalOutput))
	e.addFor(noRow, t.RemoteOutput, 0, nil, flow.Resubmit(t.LocalOutput))
	e.addFor(noRow, t.LocalOutput, 0, nil)
	e.addFor(noRow, t.CheckLoopback, 0, nil, append(clearScratch(p), flow.Resubmit(t.LogEgress))...)
	e.addFor(noRow, t.SaveInport, 0, nil, flow.Resubmit(t.LogToPhy))
	e.addFor(noRow, t.LogToPhy, 0, nil)
}

// flags match packets that have a flag.
func flags(p *pipeline.Pipeline, bit int) []flow.Term {
	return []flow.Term{flag(p, bit)}
}

func flag(p *pipeline.Pipeline, bit int) flow.Term { return p.Flags.IsMasked(1<<bit, 1<<bit) }

func setFlag(p *pipeline.Pipeline, bit int) flow.Action {
	return flow.SetFieldMasked(p.Flags, 1<<bit, 1<<bit)
}

// clearScratch makes the scratch registers zero.
func clearScratch(p *pipeline.Pipeline) (actions []flow.Action) {
	for _, register := range p.Scratch {
		actions = append(actions, flow.SetField(register, 0))
	}
	return actions
}
