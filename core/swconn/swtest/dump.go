package swtest

import (
	"encoding/binary"
	"time"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/sdk/flow"
)

// multipart answers a multipart request.
func (c *conn) multipart(msg []byte, xid uint32) *openflow.Error {
	if len(msg) < 16 {
		return named("OFPBRC_BAD_LEN")
	}
	switch openflow.MultipartType(binary.BigEndian.Uint16(msg[8:])) {
	case openflow.MultipartFlowDesc:
		table, err := openflow.ParseFlowDescRequest(msg)
		if err != nil {
			return named("OFPBRC_BAD_LEN")
		}
		c.sw.log.Dumps++
		c.flowDescs(xid, table)
	case openflow.MultipartTableStats:
		c.tableStats(xid)
	case openflow.MultipartFlowMonitor:
		return c.flowMonitor(msg, xid)
	case openflow.MultipartGroupStats:
		return byID(msg, xid, c.groupStats)
	case openflow.MultipartGroupDesc:
		return byID(msg, xid, c.groupDescs)
	case openflow.MultipartMeterDesc:
		return byID(msg, xid, c.meterDescs)
	case openflow.MultipartPortDesc:
		return byID(msg, xid, c.portDescs)
	default:
		return named("OFPBRC_BAD_STAT")
	}
	return nil
}

// byID answers a request whose body is an id and 4 bytes of padding.
func byID(msg []byte, xid uint32, answer func(xid, id uint32)) *openflow.Error {
	if len(msg) != 16+8 {
		return named("OFPBRC_BAD_LEN")
	}
	answer(xid, binary.BigEndian.Uint32(msg[16:]))
	return nil
}

// parts splits the entries of a multipart reply into as many messages as it takes. The last one may be empty.
type parts struct {
	c    *conn
	xid  uint32
	t    openflow.MultipartType
	body []byte
	any  bool
}

func (c *conn) parts(xid uint32, t openflow.MultipartType) *parts {
	return &parts{c: c, xid: xid, t: t}
}

// add adds an entry. One that is too long for a message goes out all the same, and breaks the stream; another entry behind it ends the
// switch, as ovs-vswitchd 3.1 ends there (ofpmp_postappend).
func (p *parts) add(entry []byte) {
	if len(p.body)+16 > openflow.MaxMessageLen {
		p.c.sw.crash()
	}
	if len(p.body)+len(entry)+16 > p.c.sw.partLen {
		p.send(true)
	}
	p.body, p.any = append(p.body, entry...), true
}

func (p *parts) end() { p.send(false) }

// endIfAny sends nothing if there was no entry.
func (p *parts) endIfAny() {
	if p.any {
		p.send(false)
	}
}

func (p *parts) send(more bool) {
	b, mark := openflow.BeginMultipartReply(nil, p.xid, p.t, more)
	p.c.out.send(openflow.EndMultipart(append(b, p.body...), mark))
	p.body = p.body[:0]
}

// tableStats answers a request for the statistics of all tables: of each, how many flows it has.
func (c *conn) tableStats(xid uint32) {
	p := c.parts(xid, openflow.MultipartTableStats)
	for id := range flow.MaxTable + 1 {
		p.add(openflow.AppendTableStats(nil, openflow.TableStats{Table: id, Active: uint32(c.sw.flows.count[id])}))
	}
	p.end()
}

// flowDescs answers a request for all flows of a table, or of all tables.
func (c *conn) flowDescs(xid uint32, table uint8) {
	now := time.Now()
	p := c.parts(xid, openflow.MultipartFlowDesc)
	for key, e := range c.sw.flows.entries {
		if table != openflow.AllTables && flow.TableID(table) != key.Table {
			continue
		}
		p.add(openflow.AppendFlowDesc(nil, &openflow.FlowDesc{
			Table: key.Table, Priority: key.Priority, Cookie: e.cookie,
			IdleTimeout: e.idle, HardTimeout: e.hard, Importance: e.importance, Flags: e.flags,
			Match: showMatch(key.Match), Instructions: []byte(e.actions),
			Stats: openflow.Stats{Duration: now.Sub(e.added)},
		}))
	}
	p.end()
}
