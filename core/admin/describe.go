package admin

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/core/source"
)

const (
	// describeWithin is how long all of a listing's descriptions may take together. What is not there by then is left out.
	describeWithin = 2 * time.Second
	// describedAtOnce is how many questions a source has to answer at a time; it leaves room for others', see source.ErrBusy.
	describedAtOnce = 16
)

// named is a UUID of an owner.
type named struct {
	owner string
	id    uuid.UUID
}

// describe asks the owners' sources what UUIDs are. Each owner is asked beside the others, so that one that is slow, or never answers,
// costs only its own descriptions, and describeWithin.
func (h *Host) describe(ctx context.Context, ids map[named]*Description) {
	ctx, cancel := context.WithTimeout(ctx, describeWithin)
	defer cancel()
	queues := make(map[string]chan named)
	var asking sync.WaitGroup
	for n := range ids {
		if queues[n.owner] == nil {
			queues[n.owner] = make(chan named, len(ids))
		}
		queues[n.owner] <- n
	}
	for owner, queue := range queues {
		close(queue)
		src := h.Sources.Get(owner)
		if src == nil {
			for n := range queue {
				ids[n].Error = source.ErrNoSession.Error()
			}
			continue
		}
		for range min(describedAtOnce, len(queue)) {
			asking.Go(func() {
				for n := range queue {
					describeOne(ctx, src, n.id, ids[n]) // each has one goroutine, and the map stays as it is
				}
			})
		}
	}
	asking.Wait()
}

func describeOne(ctx context.Context, src *source.Source, id uuid.UUID, into *Description) {
	d, err := src.Describe(ctx, id)
	if err != nil {
		into.Error = err.Error()
		return
	}
	into.Text = d.Text
	for _, f := range d.Fields {
		into.Fields = append(into.Fields, DescriptionField(f))
	}
}
