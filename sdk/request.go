package sdk

import (
	"context"
	"iter"

	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// request is what the host answers once: a transaction, SyncBegin or SyncDone.
type request struct {
	id      uint64      // set when it is sent
	answer  chan answer // capacity 1
	commits []*commit   // what it is made of, if it is a transaction
}

// answer is the host's: a revision, or what it rejected.
type answer struct {
	revision Revision
	rejected *pb.Rejected
	err      error // there is no answer
}

// sequence makes the messages of a request.
type sequence func(id uint64) iter.Seq[*pb.SourceMessage]

// request sends what messages makes for the next id, and waits for the host's answer.
func (s *session) request(ctx context.Context, commits []*commit, messages sequence) answer {
	r := &request{answer: make(chan answer, 1), commits: commits}
	defer s.forget(r)
	if err := s.sendRequest(ctx, r, messages); err != nil {
		return answer{err: err}
	}
	select {
	case a := <-r.answer:
		return a
	case <-ctx.Done():
		return answer{err: context.Cause(ctx)}
	case <-s.done:
	}
	select {
	case a := <-r.answer: // the last thing that was received
		return a
	default:
		return answer{err: ErrClosed}
	}
}

// sendRequest takes the turn and the next id. What was begun is sent whole: ctx ends only the wait for the turn.
func (s *session) sendRequest(ctx context.Context, r *request, messages sequence) error {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.done:
		return ErrClosed
	}
	defer func() { <-s.turn }()
	s.mu.Lock()
	s.lastID++
	r.id = s.lastID
	s.requests[r.id] = r
	for _, c := range r.commits {
		if c.installed != nil {
			s.unconfirmed[c] = r.id
		}
	}
	s.mu.Unlock()
	for m := range messages(r.id) {
		if err := s.send(m); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) forget(r *request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.requests, r.id)
}

// answered needs s.mu.
func (s *session) answered(id uint64, a answer) {
	r := s.requests[id]
	if r == nil {
		return // nobody waits for it any more
	}
	delete(s.requests, id)
	if a.rejected != nil {
		for _, c := range r.commits {
			delete(s.unconfirmed, c)
		}
	}
	r.answer <- a
}

// confirmed lets go who waits for the switch. It needs s.mu.
func (s *session) confirmed(i *pb.Installed) {
	if s.installed != nil {
		close(s.installed)
		s.installed = nil
	}
	for c, id := range s.unconfirmed {
		if id <= i.Txn {
			delete(s.unconfirmed, c)
			c.confirm(i.Refused)
		}
	}
}

// commit is one transaction of the author's on its way.
type commit struct {
	ctx    context.Context
	txn    *Txn
	result chan result // capacity 1

	installed chan struct{} // closed when the switch has confirmed it; nil when nobody waits for that
	refused   []Refused     // what of it the switch refuses; complete when installed is closed
}

type result struct {
	revision Revision
	err      error
}

// resolve tells the author what the host answered.
func (c *commit) resolve(a answer) { c.result <- result{a.revision, a.error(c.txn.ops)} }

// error is what an answer to a request with these operations means to the author.
func (a answer) error(ops []op) error {
	if a.rejected == nil {
		return a.err
	}
	if a.rejected.Rule == pb.Rule_RULE_REFUSED {
		return &RefusedError{Flows: toRefusals(a.rejected.Refused), Undone: true}
	}
	err := &RejectedError{Kind: sentinel(a.rejected.Rule), Op: -1, Text: a.rejected.Text}
	if i := a.rejected.Operation; i != nil && int(*i) < len(ops) {
		err.Op, err.UUID = int(*i), ops[*i].uuid
	}
	return err
}

// confirm notes what the switch refuses of the transaction; refused is of all that was confirmed with it.
func (c *commit) confirm(refused []*pb.Refused) {
	defer close(c.installed)
	if len(refused) == 0 {
		return
	}
	mine := c.txn.touched()
	for _, r := range refused {
		if mine.has(r) {
			c.refused = append(c.refused, toRefused(r))
		}
	}
}
