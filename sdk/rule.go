package sdk

import pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"

// refusedFor is nil for what is no reason of the host's own, or one of a newer host's.
func refusedFor(why pb.RefusedFor) error {
	switch why {
	case pb.RefusedFor_REFUSED_FOR_OPTION_MOVED:
		return ErrOptionMoved
	case pb.RefusedFor_REFUSED_FOR_CONTESTED:
		return ErrContested
	case pb.RefusedFor_REFUSED_FOR_UNSTABLE:
		return ErrUnstable
	}
	return nil
}

// sentinel turns the wire's rule into the error that authors test for.
func sentinel(rule pb.Rule) error {
	switch rule {
	case pb.Rule_RULE_MALFORMED:
		return ErrMalformed
	case pb.Rule_RULE_BAD_MATCH:
		return ErrBadMatch
	case pb.Rule_RULE_BAD_ACTIONS:
		return ErrBadActions
	case pb.Rule_RULE_BAD_FLOW:
		return ErrBadFlow
	case pb.Rule_RULE_FENCED:
		return ErrFenced
	case pb.Rule_RULE_QUOTA:
		return ErrQuota
	case pb.Rule_RULE_BAD_GROUP:
		return ErrBadGroup
	case pb.Rule_RULE_BAD_METER:
		return ErrBadMeter
	case pb.Rule_RULE_UNSET:
		return ErrUnset
	case pb.Rule_RULE_IN_USE:
		return ErrInUse
	case pb.Rule_RULE_NOT_ATOMIC:
		return ErrNotAtomic
	case pb.Rule_RULE_BUSY:
		return ErrBusy
	case pb.Rule_RULE_TOO_LARGE:
		return ErrTooLarge
	case pb.Rule_RULE_UNKNOWN_OWNER:
		return ErrUnknownOwner
	case pb.Rule_RULE_NO_SWITCH:
		return ErrNoSwitch
	case pb.Rule_RULE_UNAVAILABLE:
		return ErrUnavailable
	}
	return ErrRejected // a newer host's rule
}
