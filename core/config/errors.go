package config

import "errors"

// ErrInvalid is what every error about a configuration's content is: an unknown key, a value out of its range, two
// plugins of one name. The text says where and what to do; the operator mends the file or the flag.
var ErrInvalid = errors.New("invalid configuration")
