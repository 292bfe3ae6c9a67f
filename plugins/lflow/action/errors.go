package action

import "errors"

var (
	// ErrNoGroup and ErrNoMeter are returned when Options gives no id for a group or a meter that the actions need. Nothing of the
	// logical flow can be installed until there is one.
	ErrNoGroup = errors.New("no group id")
	ErrNoMeter = errors.New("no meter id")

	// ErrGroup and ErrMeter are returned for a text that is not that of a group or a meter.
	ErrGroup = errors.New("not the text of a group")
	ErrMeter = errors.New("not the text of a meter")

	// ErrTooLong is returned when actions, or what goes to a controller, do not fit into an OpenFlow message.
	ErrTooLong = errors.New("actions too long")
)
