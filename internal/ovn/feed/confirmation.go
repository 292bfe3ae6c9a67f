package feed

import "github.com/flowhost/flowhost/sdk"

// confirmation has a Maker know what the switch has confirmed of what the host was told (Config.Told). One generation is under way at
// a time: what is told meanwhile is the next.
type confirmation struct {
	told      func() (confirmed func()) // nil: the Maker does not want to know
	last      sdk.Revision              // with which the host had all that it was told
	confirmed func()                    // of the generation under way; nil: none is
	at        sdk.Revision              // with which that is confirmed
}

// committed says that the host has all that was told so far.
func (c *confirmation) committed(r sdk.Revision) {
	if c.last = r; c.told != nil && c.confirmed == nil {
		c.confirmed, c.at = c.told(), r
	}
}

// installed says what the switch has confirmed.
func (c *confirmation) installed(r sdk.Revision) {
	for c.confirmed != nil && r >= c.at {
		confirmed, more := c.confirmed, c.last > c.at
		c.confirmed = nil
		if confirmed(); more {
			c.committed(c.last)
		}
	}
}

// restart forgets what is under way, because everything is said again.
func (c *confirmation) restart() { c.confirmed = nil }
