package sdk

import pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"

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
	case pb.Rule_RULE_UNSET:
		return ErrUnset
	case pb.Rule_RULE_TOO_LARGE:
		return ErrTooLarge
	case pb.Rule_RULE_UNAVAILABLE:
		return ErrUnavailable
	}
	return ErrRejected // a newer host's rule
}
