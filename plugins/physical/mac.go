package main

import (
	"errors"
	"fmt"

	"github.com/flowhost/flowhost/internal/ovn/ether"
	"github.com/flowhost/flowhost/internal/ovn/sb"
)

var errNoMAC = errors.New("no Ethernet address")

// firstMAC is a port's Ethernet address: what the first element of Port_Binding.mac begins with.
func (e *evaluation) firstMAC(row *sb.PortBinding) (ether.MAC, bool) {
	err := errNoMAC
	if len(row.MAC) > 0 {
		var m ether.MAC
		if m, _, err = ether.Cut(row.MAC[0]); err == nil {
			return m, true
		}
	}
	e.fail(fmt.Errorf("port %s: %w", row.LogicalPort, err))
	return ether.MAC{}, false
}
