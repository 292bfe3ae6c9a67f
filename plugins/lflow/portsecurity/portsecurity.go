package portsecurity

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/flowhost/flowhost/internal/ovn/ether"
	"github.com/flowhost/flowhost/internal/ovn/pipeline"
	"github.com/flowhost/flowhost/plugins/lflow/address"
	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/sdk/flow"
)

// Flows makes the flows of a port with these tunnel keys, as consider_port_sec_flows of OVN does (controller/lflow.c). Their cookies are
// left to the port's UUID. There are none when no entry says an Ethernet address.
//
// The error names entries that are bad. Flows are made of the others even so, and of what a bad one has before it becomes bad.
func Flows(d *dialect.Dialect, datapath, port uint32, entries []string) ([]flow.Flow, error) {
	m := &maker{dialect: d, datapath: datapath, port: port, keys: map[flow.Key]struct{}{}}
	var stations []station
	for _, text := range entries {
		s, err := newStation(text)
		if err != nil {
			m.errs = append(m.errs, fmt.Errorf("port security: %w", err))
		}
		if !errors.Is(err, ether.ErrMAC) {
			stations = append(stations, s)
		}
	}
	if len(stations) > 0 {
		m.ingressDefaults()
		m.neighborDefaults()
		m.egressDefaults()
	}
	for i := range stations {
		m.ingress(&stations[i])
		m.neighbor(&stations[i])
		m.egress(&stations[i])
	}
	return m.flows, errors.Join(m.errs...)
}

// station is an entry: an Ethernet address, and the IP addresses that may be used with it. Without any all may be.
type station struct {
	mac      ether.MAC
	ip4, ip6 []netip.Prefix
}

func newStation(text string) (s station, err error) {
	mac, ips, err := address.ParseWithMAC(text)
	s.mac = mac
	for _, ip := range ips {
		if ip.Addr().Is4() {
			s.ip4 = append(s.ip4, ip)
		} else {
			s.ip6 = append(s.ip6, ip)
		}
	}
	return s, err
}

func (s *station) anyIP() bool { return len(s.ip4)+len(s.ip6) == 0 }

// matches is a term for an IP address: for the whole network if no bits are set behind the prefix, otherwise for that address only.
func matches(f *flow.Field, ip netip.Prefix) flow.Term {
	if address.IsNetwork(ip) {
		return f.IsPrefix(ip)
	}
	return f.IsIP(ip.Addr())
}

// maker makes the flows of one port.
type maker struct {
	dialect        *dialect.Dialect
	datapath, port uint32
	flows          []flow.Flow
	keys           map[flow.Key]struct{} // of the flows: entries have some in common
	errs           []error
}

// The three tables.
type stage uint8

const (
	stageIn stage = iota
	stageInND
	stageOut
)

// verdict is what a flow comes to.
type verdict uint8

const (
	deny  verdict = iota
	allow         // until a flow of the next table says something else
	next          // the neighbor discovery that the packet may hold decides
)

func (m *maker) add(at stage, priority flow.Priority, v verdict, terms ...flow.Term) {
	d := m.dialect
	table, port := d.Actions.Tables.InPortSec, d.Pipeline.Inport
	switch at {
	case stageInND:
		table = d.Actions.Tables.InPortSecND
	case stageOut:
		table, port = d.Actions.Tables.OutPortSec, d.Pipeline.Outport
	}
	f, err := flow.New(table, priority, append(terms, d.Pipeline.Datapath.Is(uint64(m.datapath)), port.Is(uint64(m.port))), m.action(v))
	if err != nil {
		m.errs = append(m.errs, err)
		return
	}
	if _, is := m.keys[f.Key]; !is {
		m.keys[f.Key] = struct{}{}
		m.flows = append(m.flows, f)
	}
}

func (m *maker) action(v verdict) flow.Action {
	const bit = 1 << pipeline.FlagCheckPortSec
	switch v {
	case deny:
		return flow.SetFieldMasked(m.dialect.Pipeline.Flags, bit, bit)
	case allow:
		return flow.SetFieldMasked(m.dialect.Pipeline.Flags, 0, bit)
	}
	return flow.Resubmit(m.dialect.Actions.Tables.InPortSecND)
}
