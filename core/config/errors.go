package config

import "errors"

var (
	// ErrInvalid is what every error about a configuration's content is: an unknown key, a value out of its range, two
	// plugins of one name. The text says where and what to do; the operator mends the file or the flag.
	ErrInvalid = errors.New("invalid configuration")

	// ErrRestart is returned by Compare for a change that a running host cannot make.
	ErrRestart = errors.New("this takes a restart of flowhost")
)
