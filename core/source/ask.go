package source

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

const (
	// answerWithin is how long an answer may take when the asker says nothing.
	answerWithin = 10 * time.Second
	// maxAsked is how many questions of a session may be open: a source that answers none costs no more than that.
	maxAsked = 64
)

// Description is what a source says of one of its UUIDs.
type Description struct {
	Text   string
	Fields []Field
}

// Field is one named part of a description.
type Field struct{ Name, Value string }

// Describe asks the source what a UUID is, and waits until ctx ends, at most 10 seconds. Errors: ErrNoSession, ErrCannot, ErrAnswer,
// ErrBusy, ctx's.
func (s *Source) Describe(ctx context.Context, id uuid.UUID) (Description, error) {
	ses := s.session.Load()
	switch {
	case ses == nil:
		return Description{}, ErrNoSession
	case !slices.Contains(ses.greeting.Capabilities, pb.CapabilityDescribe):
		return Description{}, fmt.Errorf("%w: it describes nothing", ErrCannot)
	}
	m, err := ses.asked.ask(ctx, ses.told, func(n uint64, ms uint32) *pb.HostMessage {
		return &pb.HostMessage{Message: &pb.HostMessage_Describe{Describe: &pb.Describe{Id: n, Uuid: id[:], DeadlineMs: ms}}}
	})
	if err != nil {
		return Description{}, err
	}
	d := m.GetDescription()
	if d.GetError() != "" {
		return Description{}, fmt.Errorf("%w: %s", ErrAnswer, d.Error)
	}
	description := Description{Text: d.GetText()}
	for _, f := range d.GetFields() {
		description.Fields = append(description.Fields, Field{f.Name, f.Value})
	}
	return description, nil
}

// Command has the source do one of its commands (State.Commands), and waits as Describe does. Errors: those of Describe.
func (s *Source) Command(ctx context.Context, name string, args ...string) (string, error) {
	ses := s.session.Load()
	switch {
	case ses == nil:
		return "", ErrNoSession
	case !slices.Contains(ses.greeting.Commands, name):
		return "", fmt.Errorf("%w: it has no command %q", ErrCannot, name)
	}
	m, err := ses.asked.ask(ctx, ses.told, func(n uint64, ms uint32) *pb.HostMessage {
		return &pb.HostMessage{Message: &pb.HostMessage_Command{
			Command: &pb.Command{Id: n, Name: name, Args: args, DeadlineMs: ms}}}
	})
	if err != nil {
		return "", err
	}
	if r := m.GetReply(); r.GetError() != "" {
		return r.Text, fmt.Errorf("%w: %s", ErrAnswer, r.Error)
	}
	return m.GetReply().GetText(), nil
}

// questions are what a source was asked and has not answered.
type questions struct {
	mu   sync.Mutex
	last uint64                            // id of the last one
	open map[uint64]chan *pb.SourceMessage // each has room for the one answer; nil when the session has ended
}

func newQuestions() *questions { return &questions{open: make(map[uint64]chan *pb.SourceMessage)} }

// ask sends a question, made by question for a new id and the milliseconds that are left, and waits for the answer.
func (q *questions) ask(ctx context.Context, told *outbox, question func(id uint64, ms uint32) *pb.HostMessage) (*pb.SourceMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	id, answer, err := q.begin()
	if err != nil {
		return nil, err
	}
	defer q.end(id)
	deadline, _ := ctx.Deadline()
	told.say(question(id, uint32(max(1, time.Until(deadline).Milliseconds()))))
	select {
	case m, ok := <-answer:
		if !ok {
			return nil, ErrNoSession
		}
		return m, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", ErrNoAnswer, context.Cause(ctx))
	}
}

func (q *questions) begin() (uint64, <-chan *pb.SourceMessage, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.open == nil:
		return 0, nil, ErrNoSession
	case len(q.open) >= maxAsked:
		return 0, nil, ErrBusy
	}
	q.last++
	answer := make(chan *pb.SourceMessage, 1)
	q.open[q.last] = answer
	return q.last, answer, nil
}

func (q *questions) end(id uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.open, id)
}

// answered hands an answer over to who asked; one that nobody waits for any more is dropped.
func (q *questions) answered(id uint64, m *pb.SourceMessage) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if answer := q.open[id]; answer != nil {
		delete(q.open, id)
		answer <- m
	}
}

// close tells all who wait that the session has ended.
func (q *questions) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, answer := range q.open {
		close(answer)
	}
	q.open = nil
}
