package openflow

import (
	"encoding/binary"
	"iter"

	"github.com/flowhost/flowhost/sdk/flow"
)

// AppendTableStatsRequest appends a request for the statistics of all tables (§7.3.5.3).
func AppendTableStatsRequest(b []byte, xid uint32) []byte {
	b, start := beginMultipart(b, TypeMultipartRequest, xid, MultipartTableStats, false)
	return end(b, start)
}

// TableStats are the statistics of one table.
type TableStats struct {
	Table   flow.TableID
	Active  uint32 // flows in it
	Looked  uint64 // packets looked up in it
	Matched uint64 // packets that matched a flow of it
}

// tableStatsLen is the length of an ofp_table_stats:
//
//	table u8 | pad[3] | active u32 | lookup u64 | matched u64
const tableStatsLen = 24

// TableStatsOf goes through the tables in one message of a table statistics reply. If the message is malformed, the last
// pair has an error that Is ErrMessage.
func TableStatsOf(msg []byte) iter.Seq2[TableStats, error] {
	return entries(msg, "table statistics", MultipartTableStats, (*walker).tableStats)
}

// tableStats takes one ofp_table_stats.
func (w *walker) tableStats() (TableStats, error) {
	b, err := w.take(tableStatsLen)
	if err != nil {
		return TableStats{}, err
	}
	return TableStats{
		Table:   flow.TableID(b[0]),
		Active:  binary.BigEndian.Uint32(b[4:]),
		Looked:  binary.BigEndian.Uint64(b[8:]),
		Matched: binary.BigEndian.Uint64(b[16:]),
	}, nil
}

// AppendTableStats appends one table to a table statistics reply (BeginMultipartReply).
func AppendTableStats(b []byte, s TableStats) []byte {
	b = append(b, byte(s.Table), 0, 0, 0)
	b = binary.BigEndian.AppendUint32(b, s.Active)
	b = binary.BigEndian.AppendUint64(b, s.Looked)
	return binary.BigEndian.AppendUint64(b, s.Matched)
}
