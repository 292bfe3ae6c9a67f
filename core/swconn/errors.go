package swconn

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrDown is returned by Send when there is no session: the next Up event says when there is one again.
	ErrDown = errors.New("swconn: not connected to the switch")

	// ErrTarget is returned by New when the target cannot be one, whatever the state of the switch.
	ErrTarget = errors.New("swconn: bad target")

	// ErrMessages is returned by Send when it is given anything but whole OpenFlow messages; nothing of it is sent.
	ErrMessages = errors.New("swconn: not whole OpenFlow messages")

	// ErrVersion is in a Down event when the switch does not speak OpenFlow 1.5. Somebody has to configure it.
	ErrVersion = errors.New("swconn: the switch does not speak OpenFlow 1.5")

	// ErrProtocol is in a Down event when the switch sent something that is not OpenFlow 1.5.
	ErrProtocol = errors.New("swconn: the switch does not keep to the protocol")

	// ErrSilent is in a Down event when the switch said nothing for too long and did not answer an echo request.
	ErrSilent = errors.New("swconn: the switch does not answer")
)

// A VersionError says which versions of OpenFlow the switch offered. It Is ErrVersion.
type VersionError struct {
	Offered uint64 // bit n: wire version n
}

func (e *VersionError) Error() string {
	var names []string
	for v := range 64 {
		if e.Offered&(1<<v) != 0 {
			names = append(names, versionName(v))
		}
	}
	if len(names) == 0 {
		names = []string{"nothing"}
	}
	return fmt.Sprintf("%v: it offers %s; add OpenFlow15 to the protocols of the Bridge, or clear them",
		ErrVersion, strings.Join(names, ", "))
}

// Is reports whether target is ErrVersion.
func (e *VersionError) Is(target error) bool { return target == ErrVersion }

// versionName returns the name that a Bridge's protocols column has for a wire version (ovs-vswitchd.conf.db(5)).
func versionName(v int) string {
	if v < 1 || v > 6 {
		return fmt.Sprintf("version 0x%02x", v)
	}
	return fmt.Sprintf("OpenFlow1%d", v-1)
}
