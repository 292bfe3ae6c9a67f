package main

import (
	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/feed"
	"github.com/flowhost/flowhost/sdk/flow"
)

// shared are flows that several units want alike, each once and under a UUID of its own, which stands for all that makes the flow. With
// ovn-controller they belong to no row (its hc_uuid).
type shared struct {
	flows map[uuid.UUID]*sharedFlow
	dirty []uuid.UUID // those that the host may have to be told about
}

type sharedFlow struct {
	flow  flow.Flow
	users int
	told  bool // the host has it, or soon will
}

// use makes a unit use exactly these.
func (s *shared) use(u *unit, flows map[uuid.UUID]flow.Flow) {
	if len(flows) == 0 && len(u.uses) == 0 {
		return
	}
	for id, f := range flows {
		if s.flows[id] == nil {
			s.flows[id] = &sharedFlow{flow: f}
		}
		s.change(id, 1)
	}
	for _, id := range u.uses {
		s.change(id, -1)
	}
	u.uses = nil
	for id := range flows {
		u.uses = append(u.uses, id)
	}
}

func (s *shared) change(id uuid.UUID, users int) {
	s.flows[id].users += users
	s.dirty = append(s.dirty, id)
}

// take appends what the host has to be told, up to max operations.
func (s *shared) take(operations []feed.Operation, max int) []feed.Operation {
	for len(s.dirty) > 0 && len(operations) < max {
		id := s.dirty[len(s.dirty)-1]
		s.dirty = s.dirty[:len(s.dirty)-1]
		f := s.flows[id]
		switch {
		case f == nil:
		case f.users > 0 && !f.told:
			f.told = true
			operations = append(operations, feed.Operation{ID: id, Flows: []flow.Flow{f.flow}})
		case f.users == 0:
			if delete(s.flows, id); f.told {
				operations = append(operations, feed.Operation{ID: id})
			}
		}
	}
	return operations
}

func (s *shared) restart() {
	for id, f := range s.flows {
		f.told = false
		s.dirty = append(s.dirty, id)
	}
}
