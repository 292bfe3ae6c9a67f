package sdk

import (
	"github.com/google/uuid"

	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// pending is a request that somebody waits for.
type pending struct {
	id     uint64      // guarded by session.mu
	ops    []op        // of a transaction
	answer chan answer // capacity 1: the host answers once

	installed chan struct{} // closed when the switch has confirmed it; nil when nobody waits for that
	refused   []Refused     // its flows that the switch refuses; complete when installed is closed
}

type answer struct {
	revision Revision
	err      error
}

func newPending(ops []op) *pending {
	return &pending{ops: ops, answer: make(chan answer, 1)}
}

// untilInstalled makes the request one that waits for the switch, too.
func (p *pending) untilInstalled() *pending {
	p.installed = make(chan struct{})
	return p
}

// confirm lets go who waits for the switch. refused is of all requests that were confirmed with this one.
func (p *pending) confirm(refused []*pb.Refused) {
	if p.installed == nil {
		return
	}
	select {
	case <-p.installed:
		return
	default:
	}
	if len(refused) > 0 {
		mine := make(map[uuid.UUID]bool, len(p.ops))
		for _, o := range p.ops {
			mine[o.uuid] = true
		}
		for _, r := range refused {
			if mine[toUUID(r.Uuid)] {
				p.refused = append(p.refused, toRefused(r))
			}
		}
	}
	close(p.installed)
}
