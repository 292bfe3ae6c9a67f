package main

import (
	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/plugins/lflow/portsecurity"
)

// secure makes Take make the flows of a port's security anew, if it has any, by the UUID of the port's row.
func (s *source) secure(text string) {
	id, err := uuid.Parse(text)
	if err != nil {
		return
	}
	row := s.local.Binding(text)
	switch {
	case row != nil && len(row.PortSecurity) > 0:
		s.assign(id, row)
	case s.units[id] != nil:
		s.assign(id, nil)
	}
}

// portSecurity makes the flows of the security of a VIF, a container or a virtual port. Only the chassis that has the port needs them
// (lflow.c, consider_port_sec_flows, which is given the ports that binding.c binds to interfaces).
func (s *source) portSecurity(u *unit, row *sb.PortBinding) (r result) {
	r.unit = u
	const vif, virtual = "", "virtual"
	if row.Type != vif && row.Type != virtual || row.Chassis == nil || *row.Chassis != s.local.Self() {
		return r
	}
	if key := s.local.Key(row.Datapath); key != 0 {
		r.flows, r.err = portsecurity.Flows(s.dialect, uint32(key), uint32(row.TunnelKey), row.PortSecurity)
	}
	return r
}
