package swtest

import (
	"cmp"

	"github.com/flowhost/flowhost/core/openflow"
)

// SetPort adds a port, or changes the one with this number, and tells the connections that asked for it (set-async).
func (s *Switch) SetPort(p openflow.PortDesc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	reason := openflow.PortAdded
	if s.ports[p.Number] != nil {
		reason = openflow.PortModified
	}
	s.ports[p.Number] = &p
	s.tellPort(reason, p)
}

// RemovePort removes a port, if it is there, and tells the connections that asked for it.
func (s *Switch) RemovePort(number uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.ports[number]; p != nil {
		delete(s.ports, number)
		s.tellPort(openflow.PortDeleted, *p)
	}
}

// Ports returns the ports of the switch, sorted by number.
func (s *Switch) Ports() []openflow.PortDesc {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sorted(s.ports, func(a, b openflow.PortDesc) int { return cmp.Compare(a.Number, b.Number) })
}

func (s *Switch) tellPort(reason openflow.PortReason, p openflow.PortDesc) {
	for c := range s.conns {
		if c.async.PortStatus&(1<<reason) != 0 {
			c.out.send(openflow.AppendPortStatus(nil, 0, &openflow.PortStatus{Reason: reason, Port: p}))
		}
	}
}

// portDescs answers a request for one port or all of them.
func (c *conn) portDescs(xid, number uint32) {
	p := c.parts(xid, openflow.MultipartPortDesc)
	for _, port := range c.sw.ports {
		if number == openflow.PortAny || number == port.Number {
			p.add(openflow.AppendPortDesc(nil, port))
		}
	}
	p.end()
}
