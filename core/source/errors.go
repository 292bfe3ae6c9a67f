package source

import "errors"

// ErrFlowRange rejects a transaction with a flow whose table or priority is no such number.
var ErrFlowRange = errors.New("out of range")

// ErrFlushRange rejects a transaction with a conntrack flush whose zone, protocol, address or port is none.
var ErrFlushRange = errors.New("conntrack flush out of range")

// Why there is no answer to Describe or Command.
var (
	// ErrNoSession: the source has no session at the moment, or it ended before the answer.
	ErrNoSession = errors.New("source is not connected")
	// ErrCannot: the source does not do that.
	ErrCannot = errors.New("source cannot do that")
	// ErrAnswer: the source's answer is an error, which follows.
	ErrAnswer = errors.New("source answers")
	// ErrNoAnswer: the source has not answered in time.
	ErrNoAnswer = errors.New("source does not answer")
	// ErrBusy: the source has too many questions to answer.
	ErrBusy = errors.New("source has too many questions open")
)

// Why a session or a process ended; in State.LastError and in the log.
var (
	// ErrStdout: the plugin printed something where only the handshake line may be.
	ErrStdout = errors.New("standard output belongs to the handshake: print nothing before sdk.Serve, and log instead")
	// ErrNoHandshake: the process ended, or the time was over, before the handshake line.
	ErrNoHandshake = errors.New("no handshake")
	// ErrChecksum: the binary is not the one that was configured.
	ErrChecksum = errors.New("its SHA-256 is not the configured one")
	// ErrNoEntry: the plugin's user cannot get to its socket's folder.
	ErrNoEntry = errors.New("the plugin's user cannot enter this folder")
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
	// ErrUnreachable: nobody listens on the socket that the handshake named.
	ErrUnreachable = errors.New("its socket cannot be reached")
	// ErrDied: the process ended without saying why.
	ErrDied = errors.New("process died")
	// ErrFinished: the process ended by itself, as if it had done its work. A source is never done: what it wants has to be
	// said again when the host is restarted.
	ErrFinished = errors.New("process has exited with status 0")
)
