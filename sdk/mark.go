package sdk

import (
	"context"
	"fmt"
	"unicode/utf8"

	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// Limits of marks, the host's own.
const (
	maxMarks     = 1024 // in one transaction
	maxMarkBytes = 256  // of name and value
)

// MarkInstalled: the switch has confirmed all of Owner's transactions up to one with this mark, but for flows that it refuses.
type MarkInstalled struct {
	Owner       string
	Name, Value string // an empty value: the mark has gone
	Refused     int    // how many of the owner's flows the switch refused then
}

// Mark lets a note travel with the transaction: sources that watch it (see Host.Watch) hear of it when the switch has confirmed all of
// this source's transactions up to this one. It says how far the source is, e.g. Mark("nb_cfg", "17"), or that it is done with one
// thing, e.g. Mark("port/"+uuid, "5"). The value counts from then on; an empty one takes the mark away.
//
// Like a flow, a mark that is not said again until SyncDone goes then. The name must not end in "*"; name and value have at most 256
// bytes together, a transaction has at most 1,024 marks.
func (t *Txn) Mark(name, value string) { t.marks = append(t.marks, &pb.Mark{Name: name, Value: value}) }

// Watch makes this source hear of a mark of an owner, another or itself, as MarkInstalled on Events: of the one that is installed, if
// any, at once, and of those to come. A name that ends in "*" means all marks whose names begin with what is before it. Take Events
// before.
//
// Errors: ErrUnknownOwner, and those of Txn.Commit.
func (h *Host) Watch(ctx context.Context, owner, name string) error {
	if err := h.session.supports(pb.CapabilityMarks); err != nil {
		return err
	}
	a := h.session.request(ctx, nil, one(func(id uint64) *pb.SourceMessage {
		return &pb.SourceMessage{Message: &pb.SourceMessage_Watch{Watch: &pb.Watch{
			Id: id, Owner: clip(owner), Name: clip(name)}}}
	}))
	return a.error(nil)
}

// checkMarks finds marks that no host could take.
func (t *Txn) checkMarks() error {
	if len(t.marks) > maxMarks {
		return &RejectedError{Kind: ErrTooLarge, Op: -1, Text: fmt.Sprintf("%d marks in one transaction", len(t.marks))}
	}
	for _, m := range t.marks {
		if !utf8.ValidString(m.Name) || !utf8.ValidString(m.Value) {
			return &RejectedError{Kind: ErrMalformed, Op: -1, Text: fmt.Sprintf("mark %.64q is not text in UTF-8", m.Name)}
		}
		if n := len(m.Name) + len(m.Value); n > maxMarkBytes {
			return &RejectedError{Kind: ErrTooLarge, Op: -1, Text: fmt.Sprintf("mark %.64q has %d bytes", m.Name, n)}
		}
	}
	return nil
}
