package openflow

import (
	"encoding/binary"
	"iter"
)

// GroupCommand is what a group mod does (§7.3.4.3, enum ofp_group_mod_command).
type GroupCommand uint16

// The commands of a group mod that flowhost uses.
const (
	GroupAdd    GroupCommand = 0 // OFPGMFC_GROUP_EXISTS if there is one with the id
	GroupModify GroupCommand = 1 // OFPGMFC_UNKNOWN_GROUP if there is none
	GroupDelete GroupCommand = 2 // no error if there is none
)

// GroupType is how a group chooses among its buckets (§7.3.4.3, enum ofp_group_type).
type GroupType uint8

// The types of groups.
const (
	GroupTypeAll      GroupType = 0
	GroupTypeSelect   GroupType = 1
	GroupTypeIndirect GroupType = 2
	GroupTypeFF       GroupType = 3 // fast failover
)

// GroupAll, as the id of a group, means all groups (OFPG_ALL). Flowhost asks for all groups, and never deletes all.
const GroupAll uint32 = 0xfffffffc

// bucketAll is the command_bucket_id of a command that is not about one bucket (OFPG_BUCKET_ALL).
const bucketAll = 0xffffffff

// A Group is a group as it is sent and as it is dumped. Buckets and Properties are in wire form: a list of ofp_bucket,
// see Buckets, and one of properties (of which Open vSwitch has one, the selection method). Of a dump they point into the
// message.
type Group struct {
	ID         uint32
	Type       GroupType
	Buckets    []byte
	Properties []byte
}

// groupModLen is the length of a group mod without buckets and properties:
//
//	header | command u16 | type u8 | pad | group u32 | bucket_array_len u16 | pad[2] | command_bucket u32 | buckets | properties
const groupModLen = 24

// GroupModLen returns the length of the group mod that AppendGroupMod makes of g. It must not be above MaxMessageLen, less
// the BundleAddLen bytes around it in a bundle; the table refuses longer groups.
func GroupModLen(g *Group) int { return groupModLen + len(g.Buckets) + len(g.Properties) }

// AppendGroupMod appends a group mod that adds g or modifies it. A modified group keeps its id, so that flows that name it
// are not touched, and the stickiness of select groups survives. To delete, use AppendGroupDelete.
func AppendGroupMod(b []byte, xid uint32, cmd GroupCommand, g *Group) []byte {
	b, start := begin(b, TypeGroupMod, xid)
	b = binary.BigEndian.AppendUint16(b, uint16(cmd))
	b = append(b, byte(g.Type), 0)
	b = binary.BigEndian.AppendUint32(b, g.ID)
	b = binary.BigEndian.AppendUint16(b, uint16(len(g.Buckets)))
	b = append(b, 0, 0)
	b = binary.BigEndian.AppendUint32(b, bucketAll)
	b = append(b, g.Buckets...)
	return end(append(b, g.Properties...), start)
}

// AppendGroupDelete appends a group mod that deletes a group. The switch deletes every flow that names it, whosever
// that is. It does not belong into a bundle: when flows have gone with a group and the bundle fails, ovs-vswitchd 3.1 ends
// with a failed assertion (ofproto_rule_insert__ puts the flows back before the group).
func AppendGroupDelete(b []byte, xid uint32, id uint32) []byte {
	return AppendGroupMod(b, xid, GroupDelete, &Group{ID: id})
}

// A GroupMod is a decoded group mod. Its slices point into the message.
type GroupMod struct {
	XID           uint32
	Command       GroupCommand
	CommandBucket uint32 // for commands that flowhost does not use
	Group
}

// groupAddOrModify in a command makes it one of Open vSwitch's own that adds a group or modifies it (OFPGC11_ADD_OR_MOD).
const groupAddOrModify GroupCommand = 0x8000

// Whole says whether the mod leaves nothing of what the group was before.
func (m *GroupMod) Whole() bool { return m.Command&^groupAddOrModify <= GroupDelete }

// ParseGroupMod decodes a group mod.
func ParseGroupMod(msg []byte) (GroupMod, error) {
	h, err := checkMessage(msg, "group mod", TypeGroupMod, groupModLen)
	if err != nil {
		return GroupMod{}, err
	}
	m := GroupMod{
		XID:           h.XID,
		Command:       GroupCommand(binary.BigEndian.Uint16(msg[8:])),
		CommandBucket: binary.BigEndian.Uint32(msg[20:]),
		Group:         Group{ID: binary.BigEndian.Uint32(msg[12:]), Type: GroupType(msg[10])},
	}
	w := walker{msg: msg, off: groupModLen, end: len(msg), what: "group mod"}
	if m.Buckets, err = w.take(int(binary.BigEndian.Uint16(msg[16:]))); err != nil {
		return GroupMod{}, err
	}
	m.Properties, err = w.take(w.left())
	return m, err
}

// AppendGroupDescRequest appends a request for the description of a group, or of GroupAll (§7.3.5.8). A group that others
// made, bucket by bucket, and that is too large for one message breaks the stream of the answer; with other groups behind
// it in the answer, ovs-vswitchd 3.1 ends with a failed assertion (ofpmp_postappend).
func AppendGroupDescRequest(b []byte, xid uint32, id uint32) []byte {
	b, start := beginMultipart(b, TypeMultipartRequest, xid, MultipartGroupDesc, false)
	b = binary.BigEndian.AppendUint32(b, id)
	return end(append(b, 0, 0, 0, 0), start)
}

// groupDescLen is the length of the fixed part of an ofp_group_desc:
//
//	length u16 | type u8 | pad | group u32 | bucket_array_len u16 | pad[6] | buckets | properties
const groupDescLen = 16

// GroupDescs goes through the groups in one message of a group description reply. If the message is malformed, the last
// pair has an error that Is ErrMessage.
func GroupDescs(msg []byte) iter.Seq2[Group, error] {
	return entries(msg, "group description", MultipartGroupDesc, (*walker).groupDesc)
}

// groupDesc takes one ofp_group_desc.
func (w *walker) groupDesc() (Group, error) {
	in, err := w.entry(groupDescLen)
	if err != nil {
		return Group{}, err
	}
	fixed, _ := in.take(groupDescLen) // entry has seen to it
	g := Group{ID: binary.BigEndian.Uint32(fixed[4:]), Type: GroupType(fixed[2])}
	if g.Buckets, err = in.take(int(binary.BigEndian.Uint16(fixed[8:]))); err != nil {
		return Group{}, err
	}
	g.Properties, err = in.take(in.left())
	return g, err
}

// AppendGroupDesc appends one group to a group description reply (BeginMultipartReply).
func AppendGroupDesc(b []byte, g *Group) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(groupDescLen+len(g.Buckets)+len(g.Properties)))
	b = append(b, byte(g.Type), 0)
	b = binary.BigEndian.AppendUint32(b, g.ID)
	b = binary.BigEndian.AppendUint16(b, uint16(len(g.Buckets)))
	b = append(b, zeros[:6]...)
	b = append(b, g.Buckets...)
	return append(b, g.Properties...)
}
