package openflow

import (
	"encoding/binary"
	"iter"
)

// AppendGroupStatsRequest appends a request for the statistics of a group, or of GroupAll (§7.3.5.7). Of all groups it tells the
// ids without their descriptions, of which one may be too large for a message (see AppendGroupDescRequest).
func AppendGroupStatsRequest(b []byte, xid uint32, id uint32) []byte {
	b, start := beginMultipart(b, TypeMultipartRequest, xid, MultipartGroupStats, false)
	b = binary.BigEndian.AppendUint32(b, id)
	return end(append(b, 0, 0, 0, 0), start)
}

// GroupStats are the statistics of one group.
type GroupStats struct {
	ID      uint32
	Flows   uint32 // flows and groups that name it
	Packets uint64
	Bytes   uint64
	Seconds uint32 // since it was added, and
	Nanos   uint32 // beyond them
	Buckets []byte // a row of ofp_bucket_counter, packets u64 and bytes u64 each; points into the message
}

// groupStatsLen is the length of the fixed part of an ofp_group_stats:
//
//	length u16 | pad[2] | group u32 | flows u32 | pad[4] | packets u64 | bytes u64 | seconds u32 | nanos u32 | buckets
const groupStatsLen = 40

// GroupStatsOf goes through the groups in one message of a group statistics reply. If the message is malformed, the last pair has
// an error that Is ErrMessage.
func GroupStatsOf(msg []byte) iter.Seq2[GroupStats, error] {
	return entries(msg, "group statistics", MultipartGroupStats, (*walker).groupStats)
}

// groupStats takes one ofp_group_stats.
func (w *walker) groupStats() (GroupStats, error) {
	in, err := w.entry(groupStatsLen)
	if err != nil {
		return GroupStats{}, err
	}
	b := in.msg[in.off:in.end:in.end]
	return GroupStats{
		ID:      binary.BigEndian.Uint32(b[4:]),
		Flows:   binary.BigEndian.Uint32(b[8:]),
		Packets: binary.BigEndian.Uint64(b[16:]),
		Bytes:   binary.BigEndian.Uint64(b[24:]),
		Seconds: binary.BigEndian.Uint32(b[32:]),
		Nanos:   binary.BigEndian.Uint32(b[36:]),
		Buckets: b[groupStatsLen:],
	}, nil
}

// AppendGroupStats appends one group to a group statistics reply (BeginMultipartReply).
func AppendGroupStats(b []byte, s *GroupStats) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(groupStatsLen+len(s.Buckets)))
	b = append(b, 0, 0)
	b = binary.BigEndian.AppendUint32(b, s.ID)
	b = binary.BigEndian.AppendUint32(b, s.Flows)
	b = append(b, 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint64(b, s.Packets)
	b = binary.BigEndian.AppendUint64(b, s.Bytes)
	b = binary.BigEndian.AppendUint32(b, s.Seconds)
	b = binary.BigEndian.AppendUint32(b, s.Nanos)
	return append(b, s.Buckets...)
}
