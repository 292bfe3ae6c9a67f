package swconn

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
)

// Config says where the switch is and how its connection is kept. The zero value of each field but Target (or Dial)
// stands for its default.
type Config struct {
	// Target is the address of the switch: "unix:PATH", normally the bridge's management socket, or "tcp:HOST:PORT".
	Target string

	// Dial connects to the switch, instead of Target, e.g. to one in memory.
	Dial func(ctx context.Context) (net.Conn, error)

	// Logger gets one line, for debugging, for each connection made or lost; its owner hears of it by events. Default: none.
	Logger hclog.Logger

	// XIDs is where transaction ids come from. Connections that share one have no id in common. Default: its own.
	XIDs *XIDs

	// EchoInterval is how long the switch may be silent before it is sent an echo request. Default: 5 s. Open vSwitch
	// itself asks after 60 s.
	EchoInterval time.Duration

	// EchoTimeout is how long the switch may be silent after that request, and how long a handshake may take. The
	// main loop of Open vSwitch does not answer while it commits a big bundle. Default: 30 s.
	EchoTimeout time.Duration

	// BackoffMin is the pause after the first attempt that failed; it doubles with each one up to BackoffMax, and each
	// is shortened by a random part of up to a quarter. Defaults: 100 ms and 2 s.
	BackoffMin, BackoffMax time.Duration
}

// withDefaults returns c with every zero field replaced by its default. It Is ErrTarget if it cannot dial.
func (c Config) withDefaults() (Config, error) {
	if c.Dial == nil {
		dial, err := dialer(c.Target)
		if err != nil {
			return c, err
		}
		c.Dial = dial
	}
	if c.Logger == nil {
		c.Logger = hclog.NewNullLogger()
	}
	if c.XIDs == nil {
		c.XIDs = new(XIDs)
	}
	setDefault(&c.EchoInterval, 5*time.Second)
	setDefault(&c.EchoTimeout, 30*time.Second)
	setDefault(&c.BackoffMin, 100*time.Millisecond)
	setDefault(&c.BackoffMax, 2*time.Second)
	c.BackoffMax = max(c.BackoffMax, c.BackoffMin)
	return c, nil
}

func setDefault(d *time.Duration, def time.Duration) {
	if *d <= 0 {
		*d = def
	}
}

// dialer returns the function that dials target.
func dialer(target string) (func(context.Context) (net.Conn, error), error) {
	network, address, ok := strings.Cut(target, ":")
	switch {
	case !ok || address == "":
		return nil, fmt.Errorf("%w %q: want unix:PATH or tcp:HOST:PORT", ErrTarget, target)
	case network == "tcp":
		if _, _, err := net.SplitHostPort(address); err != nil {
			return nil, fmt.Errorf("%w %q: %v", ErrTarget, target, err)
		}
	case network != "unix":
		return nil, fmt.Errorf("%w %q: want unix:PATH or tcp:HOST:PORT", ErrTarget, target)
	}
	return func(ctx context.Context) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, address)
	}, nil
}
