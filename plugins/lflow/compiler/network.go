package compiler

import (
	"strconv"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/plugins/lflow/expr"
	"github.com/flowhost/flowhost/sdk/flow"
)

// Network is what logical flows depend on beside their rows.
type Network interface {
	// AddressSet and PortGroup are the sets of these names, nil when there is none. Port groups are named "KEY_NAME", with the tunnel
	// key of a datapath in front, and have Related ports only.
	AddressSet(name string) *expr.ConstantSet
	PortGroup(name string) *expr.ConstantSet
	// Template is the value of a template variable on this chassis.
	Template(name string) (value string, ok bool)
	// Port is the tunnel key of a logical port or multicast group of a datapath.
	Port(datapath uuid.UUID, name string) (key uint32, ok bool)
	// Related says whether a logical port has to do with this chassis (binding.c, update_related_lport).
	Related(port string) bool
	// Resident says whether a logical port is on this chassis: is_chassis_resident().
	Resident(port string) bool
	// TunnelPort is the OpenFlow port of the tunnel to the chassis where a logical port is.
	TunnelPort(port string) (ofport flow.Port, ok bool)
	// Meter says whether there is a meter of this name (ovn-sb(5), Meter).
	Meter(name string) bool
	// Collector says whether there is a set of IPFIX collectors with this id (ovs-vswitchd.conf.db(5), Flow_Sample_Collector_Set).
	Collector(id uint32) bool
}

// Kind is a kind of what can be read of a Network.
type Kind uint8

// The kinds, after the methods of Network.
const (
	AddressSet Kind = iota
	PortGroup
	Template
	Port
	Related
	Resident
	TunnelPort
	Meter
	Collector
	OptionTables // action.OptionTables, which the Compiler has been given; has no name
)

var kindNames = [...]string{
	"address set", "port group", "template variable", "port", "related", "resident", "tunnel to", "meter", "collector set", "options",
}

func (k Kind) String() string { return kindNames[k] }

// Read is a question that was asked of a Network.
type Read struct {
	Kind     Kind
	Name     string
	Datapath uuid.UUID // of Port; otherwise zero
}

func (r Read) String() string {
	text := r.Kind.String()
	if r.Name != "" {
		text += " " + r.Name
	}
	if r.Datapath != uuid.Nil {
		text += " of " + r.Datapath.String()
	}
	return text
}

// reader asks a Network and writes down what.
type reader struct {
	network Network
	reads   map[Read]struct{}
	past    *Change // what it tells of ports is taken for the answers; nil: nothing
}

func (r *reader) note(kind Kind, name string) { r.reads[Read{Kind: kind, Name: name}] = struct{}{} }

func (r *reader) addressSet(name string) *expr.ConstantSet {
	r.note(AddressSet, name)
	return r.network.AddressSet(name)
}

func (r *reader) portGroup(name string) *expr.ConstantSet {
	r.note(PortGroup, name)
	return r.network.PortGroup(name)
}

func (r *reader) template(name string) (string, bool) {
	r.note(Template, name)
	return r.network.Template(name)
}

func (r *reader) port(datapath uuid.UUID, name string) (uint32, bool) {
	r.reads[Read{Kind: Port, Name: name, Datapath: datapath}] = struct{}{}
	if r.past.isAbout(name) {
		return r.past.Port(datapath, name)
	}
	return r.network.Port(datapath, name)
}

func (r *reader) related(port string) bool {
	r.note(Related, port)
	return r.past.isAbout(port) || r.network.Related(port)
}

func (r *reader) resident(port string) bool {
	r.note(Resident, port)
	return r.network.Resident(port)
}

func (r *reader) tunnelPort(port string) (flow.Port, bool) {
	r.note(TunnelPort, port)
	return r.network.TunnelPort(port)
}

func (r *reader) meter(name string) bool {
	r.note(Meter, name)
	return r.network.Meter(name)
}

func (r *reader) collector(id uint32) bool {
	r.note(Collector, strconv.FormatUint(uint64(id), 10))
	return r.network.Collector(id)
}
