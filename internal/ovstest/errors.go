package ovstest

import "errors"

var (
	// ErrUnknownDaemon is returned when a sandbox has no daemon of the name that was asked for.
	ErrUnknownDaemon = errors.New("no such daemon in this sandbox")
	// ErrNotRunning is returned when a signal is meant for a daemon that does not run.
	ErrNotRunning = errors.New("daemon is not running")
	// ErrNotReady is returned when a daemon runs but did not become ready in time; the text holds what it lacked and
	// the end of its log.
	ErrNotReady = errors.New("daemon did not become ready")
	// ErrExited is returned when a daemon ended while it was starting; the text holds the end of its log.
	ErrExited = errors.New("daemon exited while starting")
)
