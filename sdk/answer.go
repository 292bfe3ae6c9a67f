package sdk

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// maxAnswering is how many questions a source works on at a time. Those beyond are answered with an error.
const maxAnswering = 16

// Description is what a UUID is, for people.
type Description struct {
	Text   string
	Fields []Field // in the order in which they are shown
}

// Field is one named part of a description, e.g. the stage, the match or the actions of a logical flow.
type Field struct{ Name, Value string }

// answers answers the host's questions with the author's functions, each in a goroutine of its own.
type answers struct {
	info    Info
	session *session
	working chan struct{} // has room for maxAnswering
}

func newAnswers(info Info, s *session) *answers {
	return &answers{info: info, session: s, working: make(chan struct{}, maxAnswering)}
}

// capabilities are what the source can answer, for its Hello.
func (i *Info) capabilities() []string {
	if i.Describe == nil {
		return nil
	}
	return []string{pb.CapabilityDescribe}
}

func (i *Info) commands() []string { return slices.Sorted(maps.Keys(i.Commands)) }

// take answers m if it is a question.
func (a *answers) take(m *pb.HostMessage) {
	switch m := m.Message.(type) {
	case *pb.HostMessage_Describe:
		a.work(m.Describe.DeadlineMs, func(ctx context.Context, err error) *pb.SourceMessage {
			return a.describe(ctx, m.Describe, err)
		})
	case *pb.HostMessage_Command:
		a.work(m.Command.DeadlineMs, func(ctx context.Context, err error) *pb.SourceMessage {
			return a.command(ctx, m.Command, err)
		})
	}
}

// work sends what answer makes; it is told an error when there is too much to do.
func (a *answers) work(ms uint32, answer func(ctx context.Context, err error) *pb.SourceMessage) {
	ctx, cancel := context.WithTimeout(a.session.stream.Context(), time.Duration(ms)*time.Millisecond)
	select {
	case a.working <- struct{}{}:
		go func() {
			defer cancel()
			defer func() { <-a.working }()
			_ = a.session.send(answer(ctx, nil))
		}()
	default:
		cancel()
		_ = a.session.send(answer(ctx, fmt.Errorf("the source works on %d questions already", maxAnswering)))
	}
}

func (a *answers) describe(ctx context.Context, q *pb.Describe, err error) *pb.SourceMessage {
	var d Description
	switch {
	case err != nil:
	case a.info.Describe == nil:
		err = fmt.Errorf("the source describes nothing")
	default:
		d, err = a.info.Describe(ctx, toUUID(q.Uuid))
	}
	room := pb.MaxAnswerBytes
	wire := &pb.Description{Id: q.Id, Text: cut(d.Text, &room), Error: errorText(err)}
	for _, f := range d.Fields {
		if room > 0 {
			wire.Fields = append(wire.Fields, &pb.Field{Name: cut(f.Name, &room), Value: cut(f.Value, &room)})
		}
	}
	return &pb.SourceMessage{Message: &pb.SourceMessage_Description{Description: wire}}
}

func (a *answers) command(ctx context.Context, q *pb.Command, err error) *pb.SourceMessage {
	text := ""
	switch do := a.info.Commands[q.Name]; {
	case err != nil:
	case do == nil:
		err = fmt.Errorf("the source has no command %q", q.Name)
	default:
		text, err = do(ctx, q.Args)
	}
	room := pb.MaxAnswerBytes
	wire := &pb.Reply{Id: q.Id, Text: cut(text, &room), Error: errorText(err)}
	return &pb.SourceMessage{Message: &pb.SourceMessage_Reply{Reply: wire}}
}

// cut makes s fit into the room that is left, and valid UTF-8. What was cut ends in "…".
func cut(s string, room *int) string {
	const end = "…"
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) > *room {
		s = strings.ToValidUTF8(s[:max(0, *room-len(end))], "") + end
	}
	*room -= len(s)
	return s
}

// errorText is an error for the host: never empty if there is one.
func errorText(err error) string {
	switch {
	case err == nil:
		return ""
	case err.Error() == "":
		return "failed"
	}
	return clip(err.Error())
}
