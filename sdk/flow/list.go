package flow

import "errors"

var errNotOneList = errors.New("these are not actions that are applied, and nothing else")

// List is the list of actions in canonical actions that are at most one apply_actions, as an OFPT_PACKET_OUT has them (OpenFlow 1.5
// §7.3.6). The error is an *Error that Is ErrActions.
func (a Actions) List() (string, error) {
	switch s := string(a); {
	case s == "":
		return "", nil
	case len(s) < 8 || be16(s, 0) != instructionApply || int(be16(s, 2)) != len(s):
		return "", &Error{Kind: ErrActions, Offset: -1, Err: errNotOneList}
	}
	return string(a[8:]), nil
}
