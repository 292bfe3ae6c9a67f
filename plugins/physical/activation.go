package main

import (
	"strings"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/sdk/flow"
)

// opcodeActivation is OVN's number of the controller action that tells of an activated port (include/ovn/actions.h,
// ACTION_OPCODE_ACTIVATION_STRATEGY).
const opcodeActivation = 26

// etherTypeRARP is what a virtual machine that has moved says first.
const etherTypeRARP = 0x8035

// activation keeps a port that is being moved here silent until it speaks here (ovn-nb(5), Logical_Switch_Port,
// options:activation-strategy; physical.c, setup_activation_strategy).
func (e *evaluation) activation(row *sb.PortBinding, in flow.Term, before []flow.Action) {
	if row.Type != typeVIF || row.Options["activation-strategy"] != "rarp" || !e.isAdditional(row) || e.isActivated(row) {
		return
	}
	p := e.pipeline
	actions := append([]flow.Action{}, before...)
	ingress, _ := e.ingress(row)
	actions = append(actions, ingress...)
	actions = append(actions,
		flow.Controller(flow.ControllerOptions{UserData: []byte{0, 0, 0, opcodeActivation, 0, 0, 0, 0}, MaxLen: 0xffff}),
		flow.Resubmit(p.Tables.LogIngress))
	e.add(p.Tables.PhyToLog, 1010, []flow.Term{in, flow.EthType.Is(etherTypeRARP)}, actions...)
	e.add(p.Tables.PhyToLog, 1000, []flow.Term{in})
	e.add(p.Tables.LogToPhy, 1000, e.to(row))
}

// isAdditional says whether this chassis is one of a port's additional ones.
func (e *evaluation) isAdditional(row *sb.PortBinding) bool {
	for _, id := range row.AdditionalChassis {
		if e.isSelfID(id) {
			return true
		}
	}
	return false
}

// isActivated says whether the port has spoken here: then this chassis is in a list of names (pinctrl.c, run_activated_ports).
func (e *evaluation) isActivated(row *sb.PortBinding) bool {
	for name := range strings.SplitSeq(row.Options["additional-chassis-activated"], ",") {
		if name != "" && name == e.local.Name() {
			return true
		}
	}
	return false
}
