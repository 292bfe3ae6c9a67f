package apply

import "errors"

var (
	// ErrUnknownOwner is returned by Attach for an owner that the configuration does not name.
	ErrUnknownOwner = errors.New("owner is not configured")
	// ErrOwnerBusy is returned by Attach while the owner has a session: a source's second process has to wait until the
	// first one's session has ended.
	ErrOwnerBusy = errors.New("owner has a session already")
	// ErrSessionEnded is returned by every call on a session that was detached.
	ErrSessionEnded = errors.New("session has ended")
	// ErrStopped is returned by every call once the loop no longer runs.
	ErrStopped = errors.New("the host is stopping")
)
