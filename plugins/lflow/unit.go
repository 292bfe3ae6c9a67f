package main

import (
	"errors"
	"fmt"
	"math"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/plugins/lflow/action"
	"github.com/flowhost/flowhost/plugins/lflow/compiler"
	"github.com/flowhost/flowhost/sdk/flow"
)

// unit is a row that has flows: a *sb.LogicalFlow, a *sb.LoadBalancer, or a *sb.PortBinding with port security.
type unit struct {
	id    uuid.UUID
	row   ovsdb.Model // nil: it has gone
	facts []*fact     // what its flows were made of, and maybe some that only flows that have gone were
	whole int         // how many of facts there were when all its flows were made
	// datapaths are those that a logical flow's flows were made for.
	datapaths []uuid.UUID
	version   uint32 // see reader
	problem   string // told last; "" for none
	pushed    bool   // the host has flows of it, or soon will
	dirty     bool   // something has to be done with it
	todo      todo
}

// todo is what has to be done with a unit that is dirty: to make all its flows anew, or else one of the others.
type todo struct {
	whole     bool
	datapaths []uuid.UUID // new ones of a logical flow
	delta     *delta      // a set of a logical flow that is another one now
}

// result is what came of a unit's todo.
type result struct {
	*unit
	keep           bool // flows come beside those that it has, but for those removed
	flows          []flow.Flow
	removed        []flow.Flow
	reads          []compiler.Read
	groups, meters []string
	datapaths      []uuid.UUID // that the flows were made for
	err            error
}

var errRange = errors.New("out of range")

// check says what keeps a logical flow from having a place in the switch: its flows would come into others' tables.
func (s *source) check(row *sb.LogicalFlow) error {
	t := &s.dialect.Pipeline.Tables
	stages := int(t.LargePacketDetect - t.LogIngress)
	switch row.Pipeline {
	case sb.LogicalFlowPipelineIngress:
	case sb.LogicalFlowPipelineEgress:
		stages = int(t.SaveInport - t.LogEgress)
	default:
		return fmt.Errorf("pipeline %q is %w", row.Pipeline, errRange)
	}
	switch {
	case row.TableID < 0 || row.TableID >= stages:
		return fmt.Errorf("table %d of %s is %w", row.TableID, row.Pipeline, errRange)
	case row.Priority < 0 || row.Priority > math.MaxUint16:
		return fmt.Errorf("priority %d is %w", row.Priority, errRange)
	}
	return nil
}

// rowOf is a logical flow as the compiler has it.
func rowOf(id uuid.UUID, row *sb.LogicalFlow) *compiler.Row {
	r := &compiler.Row{
		ID: id, Table: row.TableID, Priority: flow.Priority(row.Priority), Match: row.Match, Actions: row.Actions,
		Port: row.Tags["in_out_port"],
	}
	if row.Pipeline == sb.LogicalFlowPipelineEgress {
		r.Pipeline = action.Egress
	}
	if row.ControllerMeter != nil {
		r.Meter = *row.ControllerMeter
	}
	return r
}

// meansSame says whether two logical flows differ in nothing that their flows are made of.
func meansSame(a, b *sb.LogicalFlow) bool {
	same := func(a, b *string) bool { return a == b || a != nil && b != nil && *a == *b }
	return same(a.LogicalDatapath, b.LogicalDatapath) && same(a.LogicalDpGroup, b.LogicalDpGroup) && a.Pipeline == b.Pipeline &&
		*rowOf(uuid.Nil, a) == *rowOf(uuid.Nil, b) && a.Priority == b.Priority
}
