package source

import "errors"

// ErrFlowRange rejects a transaction with a flow whose table or priority is no such number.
var ErrFlowRange = errors.New("out of range")

// Why a session or a process ended; in State.LastError and in the log.
var (
	// ErrStdout: the plugin printed something where only the handshake line may be.
	ErrStdout = errors.New("standard output belongs to the handshake: print nothing before sdk.Serve, and log instead")
	// ErrNoHandshake: the process ended, or the time was over, before the handshake line.
	ErrNoHandshake = errors.New("no handshake")
	// ErrSocketPath: RunDir is too long for a unix socket below it.
	ErrSocketPath = errors.New("path too long for a unix socket")
	// ErrProtocol: the source said something the protocol does not allow.
	ErrProtocol = errors.New("protocol violation")
	// ErrSlowReader: the source did not take its events in time.
	ErrSlowReader = errors.New("source does not read its events")
	// ErrHung: the process did not answer health checks.
	ErrHung = errors.New("process does not answer")
	// ErrDeadline: the process did not end in time after it was asked to.
	ErrDeadline = errors.New("process did not end in time")
	// ErrSourceFailed: the source ended the session with an error of its own, which follows.
	ErrSourceFailed = errors.New("source failed")
	// ErrDied: the process ended without saying why.
	ErrDied = errors.New("process died")
)
