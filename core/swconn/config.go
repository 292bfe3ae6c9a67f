package swconn

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
)

// Config says where the switch is and how its connection is kept. The zero value of each field but Target (or Dial)
// stands for its default.
type Config struct {
	// Target is the address of the switch: "unix:PATH", normally the bridge's management socket, "tcp:HOST:PORT" or
	// "ssl:HOST:PORT".
	Target string

	// TLS is how to speak with an "ssl:" target: whom to trust, and with what to show who we are. Open vSwitch wants a
	// certificate of its controller (ovs-vswitchd.conf.db(5), SSL).
	TLS *tls.Config

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
	// is shortened by a random part of up to a quarter. Defaults: 10 ms and 2 s: most often the switch is there again at once.
	BackoffMin, BackoffMax time.Duration
}

// withDefaults returns c with every zero field replaced by its default. It Is ErrTarget if it cannot dial.
func (c Config) withDefaults() (Config, error) {
	if c.Dial == nil {
		dial, err := dialer(c.Target, c.TLS)
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
	setDefault(&c.BackoffMin, 10*time.Millisecond)
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
func dialer(target string, config *tls.Config) (func(context.Context) (net.Conn, error), error) {
	network, address, _ := strings.Cut(target, ":")
	var dialer interface {
		DialContext(ctx context.Context, network, address string) (net.Conn, error)
	} = new(net.Dialer)
	switch network {
	case "unix":
		if address == "" {
			return nil, fmt.Errorf("%w %q: the path is missing", ErrTarget, target)
		}
	case "tcp", "ssl":
		if _, _, err := net.SplitHostPort(address); err != nil {
			return nil, fmt.Errorf("%w %q: %v", ErrTarget, target, err)
		}
		if network == "ssl" {
			if config == nil {
				return nil, fmt.Errorf("%w %q: it needs certificates", ErrTarget, target)
			}
			network, dialer = "tcp", &tls.Dialer{Config: config}
		}
	default:
		return nil, fmt.Errorf("%w %q: want unix:PATH, tcp:HOST:PORT or ssl:HOST:PORT", ErrTarget, target)
	}
	return func(ctx context.Context) (net.Conn, error) { return dialer.DialContext(ctx, network, address) }, nil
}
