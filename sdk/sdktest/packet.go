package sdktest

import (
	"encoding/binary"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/flow"
)

// PacketIn makes the switch send a packet to p.Controller. FullLen and Dropped are not looked at.
func (h *Host) PacketIn(p sdk.PacketIn) {
	h.sw.PacketIn(p.Controller, &openflow.PacketIn{
		Packet: p.Packet, Table: p.Table, Cookie: p.Cookie, Reason: p.Reason, Metadata: []byte(p.Metadata),
		Userdata: p.UserData, Continuation: p.Continuation,
	})
}

// PacketOuts returns the packets that the source has sent, in order. Their metadata have an in_port.
func (h *Host) PacketOuts() (all []sdk.PacketOut) {
	for _, p := range h.sw.PacketOuts() {
		out := sdk.PacketOut{Metadata: flow.Match(p.Match), Packet: p.Packet}
		if len(p.Actions) > 0 {
			apply := binary.BigEndian.AppendUint16([]byte{0, 4}, uint16(8+len(p.Actions))) // OFPIT_APPLY_ACTIONS
			out.Actions = flow.Actions(append(append(apply, 0, 0, 0, 0), p.Actions...))
		}
		all = append(all, out)
	}
	return all
}

// Resumed returns the packets that the source has made go on, in order.
func (h *Host) Resumed() (all []sdk.PacketIn) {
	for _, p := range h.sw.Resumed() {
		all = append(all, sdk.PacketIn{
			UserData: p.Userdata, Packet: p.Packet, Table: p.Table, Cookie: p.Cookie, Reason: p.Reason,
			Metadata: flow.Match(p.Metadata), Continuation: p.Continuation,
		})
	}
	return all
}
