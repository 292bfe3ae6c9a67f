package source

import (
	"errors"

	"github.com/flowhost/flowhost/core/apply"
	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/sdk/flow"
	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// rules translates the errors that a transaction can meet to the wire's. Package sdk has the way back.
var rules = []struct {
	err  error
	rule pb.Rule
}{
	{table.ErrFenced, pb.Rule_RULE_FENCED},
	{table.ErrQuota, pb.Rule_RULE_QUOTA},
	{flow.ErrGroup, pb.Rule_RULE_BAD_GROUP}, // before the actions in its buckets
	{flow.ErrMeter, pb.Rule_RULE_BAD_METER},
	{table.ErrBadMatch, pb.Rule_RULE_BAD_MATCH},
	{table.ErrBadActions, pb.Rule_RULE_BAD_ACTIONS},
	{table.ErrBadTable, pb.Rule_RULE_BAD_FLOW},
	{ErrFlowRange, pb.Rule_RULE_BAD_FLOW},
	{ErrFlushRange, pb.Rule_RULE_MALFORMED},
	{table.ErrUnset, pb.Rule_RULE_UNSET},
	{table.ErrInUse, pb.Rule_RULE_IN_USE},
	{table.ErrNotAtomic, pb.Rule_RULE_NOT_ATOMIC},
	{table.ErrBusy, pb.Rule_RULE_BUSY},
	{apply.ErrRefused, pb.Rule_RULE_REFUSED},
	{apply.ErrNoSwitch, pb.Rule_RULE_NO_SWITCH},
	{apply.ErrUnknownOwner, pb.Rule_RULE_UNKNOWN_OWNER},
	{table.ErrTooBig, pb.Rule_RULE_TOO_LARGE},
	{table.ErrBadOp, pb.Rule_RULE_MALFORMED},
	{apply.ErrStopped, pb.Rule_RULE_UNAVAILABLE},
	{apply.ErrSessionEnded, pb.Rule_RULE_UNAVAILABLE},
}

// ruleOf is RULE_UNSPECIFIED for an error that the wire has no word for.
func ruleOf(err error) pb.Rule {
	for _, known := range rules {
		if errors.Is(err, known.err) {
			return known.rule
		}
	}
	return pb.Rule_RULE_UNSPECIFIED
}

// rejected is the answer to transaction id that met err.
func rejected(id uint64, err error) *pb.Rejected {
	r := &pb.Rejected{Txn: id, Rule: ruleOf(err), Text: err.Error()}
	var refused *apply.RefusedError
	if errors.As(err, &refused) {
		r.Refused = wireRefusals(refused.Refused)
	}
	var op *table.OpError
	if errors.As(err, &op) {
		r.Text = op.Err.Error()
		if op.Key != (flow.Key{}) {
			r.Text = op.Key.String() + ": " + r.Text
		}
		if op.Index >= 0 {
			index := uint32(op.Index)
			r.Operation = &index
		}
	}
	return r
}
