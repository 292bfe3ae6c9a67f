package swtest

import "github.com/flowhost/flowhost/core/openflow"

// A forward is a group mod or a meter mod that the switch has done and tells of.
type forward struct {
	reason  uint32 // openflow.ForwardGroupMods or openflow.ForwardMeterMods
	request []byte
}

func forwardGroup(xid uint32, cmd openflow.GroupCommand, g *openflow.Group) forward {
	return forward{openflow.ForwardGroupMods, openflow.AppendGroupMod(nil, xid, cmd, g)}
}

func forwardMeter(xid uint32, cmd openflow.MeterCommand, m *openflow.Meter) forward {
	return forward{openflow.ForwardMeterMods, openflow.AppendMeterMod(nil, xid, cmd, m)}
}

// forward tells all connections that want to know, but for the one that asked for the change.
func (s *Switch) forward(by *conn, forwards ...forward) {
	if s.mute {
		return
	}
	for c := range s.conns {
		for _, f := range forwards {
			if c != by && c.async.RequestForward&f.reason != 0 {
				c.out.send(openflow.AppendRequestForward(nil, &openflow.RequestForward{Request: f.request}))
			}
		}
	}
}
