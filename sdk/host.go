package sdk

import (
	"context"
	"iter"

	"github.com/google/uuid"
	"github.com/hashicorp/go-hclog"

	"github.com/flowhost/flowhost/sdk/flow"
	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// replaceFlows is how much Replace puts into one transaction: well below what any host takes, and so little that other sources do
// not wait long for the host to do it.
const replaceFlows = 4096

// Host is the host as a source sees it, for the length of one session. Its methods may be called from any goroutine.
type Host struct {
	session *session
	hello   *pb.HostHello
	logger  hclog.Logger
}

// Range is an inclusive range of numbers.
type Range struct{ First, Last uint32 }

// Ranges are the ids that this source may use, and nobody else does. They come from the host's configuration and never change;
// an empty list means none.
type Ranges struct{ Groups, Meters, Conjunctions []Range }

// Bridge is the name of the bridge whose tables the host owns, e.g. "br-int".
func (h *Host) Bridge() string { return h.hello.Bridge }

// Owner is the namespace that this source's flows are in.
func (h *Host) Owner() string { return h.hello.Owner }

// Ranges returns the ids that are this source's own.
func (h *Host) Ranges() Ranges {
	return Ranges{
		Groups:       ranges(h.hello.Ranges.GetGroups()),
		Meters:       ranges(h.hello.Ranges.GetMeters()),
		Conjunctions: ranges(h.hello.Ranges.GetConjunctions()),
	}
}

func ranges(wire []*pb.Range) []Range {
	var list []Range
	for _, r := range wire {
		list = append(list, Range{First: r.First, Last: r.Last})
	}
	return list
}

// Switch returns what the host said last about the switch.
func (h *Host) Switch() SwitchState {
	h.session.mu.Lock()
	defer h.session.mu.Unlock()
	return h.session.state
}

// Logger writes to the host's log. It never blocks: lines that the host does not take in time are dropped and counted.
// Standard output and standard error are not for sources: what is written to them reaches the log without level and fields, and may
// block the writer.
func (h *Host) Logger() hclog.Logger { return h.logger }

// Begin makes an empty transaction.
func (h *Host) Begin() *Txn { return &Txn{session: h.session} }

// Events returns the channel on which events come, the same one on each call, closed when the session ends. Nothing is kept for
// it before the first call. A source that takes the channel has to read it: when many thousands of events wait, the host cuts
// the session off.
func (h *Host) Events() <-chan Event {
	s := h.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.events == nil {
		s.events = newEventQueue()
		go s.events.run(s.stream.Context().Done())
	}
	return s.events.out
}

// SyncBegin starts a sync in the middle of a session: everything of this source is stale until it is said again. A session
// begins with one.
//
// Errors: those of Txn.Commit.
func (h *Host) SyncBegin(ctx context.Context) error {
	a := h.session.request(ctx, nil, one(func(id uint64) *pb.SourceMessage {
		return &pb.SourceMessage{Message: &pb.SourceMessage_SyncBegin{SyncBegin: &pb.SyncBegin{Id: id}}}
	}))
	return a.error(nil)
}

// SyncDone ends the sync: flows of before it that were not said again are deleted, in one step. Say it only when the source's
// inputs are complete and everything that follows from them is committed: whoever says it early deletes live traffic.
//
// Errors: those of Txn.Commit.
func (h *Host) SyncDone(ctx context.Context) (Revision, error) {
	a := h.session.request(ctx, nil, one(func(id uint64) *pb.SourceMessage {
		return &pb.SourceMessage{Message: &pb.SourceMessage_SyncDone{SyncDone: &pb.SyncDone{Id: id}}}
	}))
	return a.revision, a.error(nil)
}

// Replace makes flows everything that this source has, in one call: a sync, with Adds in transactions as large as a host takes.
// What the source had already is not touched. Like SyncDone, it deletes what is not said. After an error nothing is deleted, and the
// sync goes on: say everything again.
//
// Errors: those of Txn.Commit.
func (h *Host) Replace(ctx context.Context, flows iter.Seq2[uuid.UUID, flow.Flow]) (Revision, error) {
	if err := h.SyncBegin(ctx); err != nil {
		return 0, err
	}
	commits := pipeline{ctx: ctx}
	txn := h.Begin()
	for id, f := range flows {
		txn.Add(id, f)
		if txn.Len() < replaceFlows && txn.bytes < heapBytes {
			continue
		}
		if err := commits.commit(txn); err != nil {
			return 0, err
		}
		txn = h.Begin()
	}
	if txn.Len() > 0 {
		if err := commits.commit(txn); err != nil {
			return 0, err
		}
	}
	if err := commits.wait(); err != nil {
		return 0, err
	}
	return h.SyncDone(ctx)
}

// pipeline commits transactions while the author fills the next: as many as may be on their way.
type pipeline struct {
	ctx      context.Context
	underWay []chan error // the oldest first
}

// commit starts to commit txn. When too many are under way it waits for the oldest, and returns its error.
func (p *pipeline) commit(txn *Txn) error {
	if len(p.underWay) == maxUnanswered {
		if err := p.waitOldest(); err != nil {
			return err
		}
	}
	done := make(chan error, 1)
	p.underWay = append(p.underWay, done)
	go func() {
		_, err := txn.Commit(p.ctx)
		done <- err
	}()
	return nil
}

func (p *pipeline) waitOldest() error {
	oldest := p.underWay[0]
	p.underWay = p.underWay[1:]
	return <-oldest
}

// wait returns when nothing is under way, or with the first error.
func (p *pipeline) wait() error {
	for len(p.underWay) > 0 {
		if err := p.waitOldest(); err != nil {
			return err
		}
	}
	return nil
}

// one is a request of one message.
func one(encode func(id uint64) *pb.SourceMessage) sequence {
	return func(id uint64) iter.Seq[*pb.SourceMessage] {
		return func(yield func(*pb.SourceMessage) bool) { yield(encode(id)) }
	}
}

// Status tells the operator how the source is: ready when it has its inputs and works on them, and one line of text, e.g.
// "waiting for the southbound database". It changes nothing else. It blocks while the host does not keep up.
func (h *Host) Status(ready bool, text string) {
	_ = h.session.send(&pb.SourceMessage{Message: &pb.SourceMessage_Status{Status: &pb.Status{Ready: ready, Text: clip(text)}}})
}
