package apply

import (
	"errors"
	"maps"
	"slices"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/swconn"
	"github.com/flowhost/flowhost/core/table"
)

// groups is what is known about reading groups, over all connections.
//
// Bucket by bucket somebody can make a group whose description is longer than a message may be. ovs-vswitchd 3.1 sends it all the
// same, with a length that is too short, and what follows is garbage; and in a dump of all groups, with others behind it, it ends
// ovs-vswitchd (ofpmp_postappend). So the ids of all groups come from their statistics, and each is described by itself. When the
// stream breaks at one, the next connection leaves that one out.
type groups struct {
	listing    bool            // the statistics of all groups are asked for and not there, or not known to be whole
	asked      []uint32        // whose description is asked for and not there, oldest first: the order of the answers
	last       *uint32         // whose description was the last that the switch said; nil: something else was
	unreadable map[uint32]bool // whose description has broken the stream
	unlisted   bool            // the statistics have: only groups that somebody wants are read
}

// errUnreadable is why nothing is known of a group but that it is there.
var errUnreadable = errors.New("its description is longer than a message of OpenFlow can be")

// readGroups reads all groups, each with take, and goes on with done.
func (l *Loop) readGroups(take func(id uint32, r *reading), done func()) {
	if l.sw.groups.unlisted {
		l.describeGroups(l.wantedGroups(), take, done)
		return
	}
	var ids []uint32
	l.sw.groups.listing = true
	l.ask(func(b []byte, xid uint32) []byte {
		return openflow.AppendGroupStatsRequest(b, xid, openflow.GroupAll)
	}, l.whole(func(m swconn.Message) {
		for s, err := range openflow.GroupStatsOf(m.Data) {
			if err != nil {
				l.dumpFailed(err)
				return
			}
			ids = append(ids, s.ID)
		}
	}, func() {}, l.dumpFailed))
	l.ask(openflow.AppendBarrierRequest, func(swconn.Message) bool { // the list was whole
		l.sw.groups.listing = false
		maps.DeleteFunc(l.sw.groups.unreadable, func(id uint32, _ bool) bool { return !slices.Contains(ids, id) })
		l.describeGroups(ids, take, done)
		return true
	})
}

// wantedGroups are the groups that somebody wants.
func (l *Loop) wantedGroups() (ids []uint32) {
	for v := range l.table.Objects {
		if v.Kind == table.Group && v.Owner != "" {
			ids = append(ids, v.ID)
		}
	}
	return ids
}

// readGroup reads one group.
func (l *Loop) readGroup(id uint32, take func(*reading)) {
	var found *reading
	l.describeGroups([]uint32{id}, func(_ uint32, r *reading) { found = r }, func() { take(found) })
}

// describeGroups reads these groups, each with take, and goes on with done: when the answer to a barrier behind them shows that the
// last one was whole, too.
func (l *Loop) describeGroups(ids []uint32, take func(id uint32, r *reading), done func()) {
	for _, id := range ids {
		l.describeGroup(id, func(r *reading) { take(id, r) })
	}
	l.ask(openflow.AppendBarrierRequest, func(swconn.Message) bool { done(); return true })
}

func (l *Loop) describeGroup(id uint32, take func(*reading)) {
	if l.sw.groups.unreadable[id] {
		take(&reading{present: true, err: errUnreadable})
		return
	}
	found := new(reading)
	l.sw.groups.asked = append(l.sw.groups.asked, id)
	l.ask(func(b []byte, xid uint32) []byte {
		return openflow.AppendGroupDescRequest(b, xid, id)
	}, l.whole(func(m swconn.Message) {
		for g, err := range openflow.GroupDescs(m.Data) {
			if err != nil {
				l.dumpFailed(err)
				return
			}
			found.take(groupBody(&g))
		}
	}, func() {
		l.sw.groups.asked = l.sw.groups.asked[1:]
		l.sw.groups.last = &id
		take(found)
	}, l.dumpFailed))
}

// interrupted looks at what the stream broke at. A description that is cut short can look like a whole one: so when garbage follows
// one, it is to blame; and otherwise the one that should have come.
func (g *groups) interrupted(l *Loop, err error) {
	broke := errors.Is(err, swconn.ErrProtocol) || errors.Is(err, openflow.ErrMessage)
	switch {
	case g.last != nil && (broke || errors.Is(err, swconn.ErrSilent)): // garbage may claim to be longer than it is
		g.leaveOut(l, *g.last)
	case !broke:
	case len(g.asked) > 0:
		g.leaveOut(l, g.asked[0])
	case g.listing:
		g.unlisted = true
		l.log.Error("the statistics of some group are longer than a message of OpenFlow can be; groups that nobody wants are not seen any more")
	}
	*g = groups{unreadable: g.unreadable, unlisted: g.unlisted}
}

func (g *groups) leaveOut(l *Loop, id uint32) {
	if g.unreadable == nil {
		g.unreadable = make(map[uint32]bool)
	}
	g.unreadable[id] = true
	l.log.Error("a group that somebody has made breaks the connection, and is left out from now on", "group", id, "error", errUnreadable)
}

// changed notes that a group is as somebody has sent it, whole: it can be read again.
func (g *groups) changed(id uint32) {
	if id == openflow.GroupAll {
		clear(g.unreadable)
	}
	delete(g.unreadable, id)
}
