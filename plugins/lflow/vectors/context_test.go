package vectors

import (
	"maps"

	"github.com/flowhost/flowhost/plugins/lflow/expr"
)

// contextFile is what context.json says that both languages need, and northd_context.json too.
type contextFile struct {
	Expr struct {
		Ports                map[string]uint32   `json:"ports"`
		ChassisResidentPorts []string            `json:"chassis_resident_ports"`
		AddressSets          map[string][]string `json:"address_sets"`
		PortGroups           map[string][]string `json:"port_groups"`
	} `json:"expr"`
	Actions actionContext            `json:"actions"`
	DHCP    map[string]optionContext `json:"dhcp_opts"`
	DHCPv6  map[string]optionContext `json:"dhcpv6_opts"`

	// Of northd_context.json.
	Ports      map[string]uint32   `json:"ports"`
	PortGroups map[string][]string `json:"port_groups"`
}

// withNorthd is the version with the ports and groups that northd_context.json adds. All of its ports are resident.
func (v *version) withNorthd() *version {
	n := *v
	e := &n.context.Expr
	e.Ports, e.PortGroups = maps.Clone(e.Ports), maps.Clone(e.PortGroups)
	if e.Ports == nil {
		e.Ports = make(map[string]uint32)
	}
	if e.PortGroups == nil {
		e.PortGroups = make(map[string][]string)
	}
	maps.Copy(e.PortGroups, v.northd.PortGroups)
	n.context.Actions.Ports = maps.Clone(n.context.Actions.Ports)
	for name, key := range v.northd.Ports {
		e.Ports[name] = key
		n.context.Actions.Ports[name] = key
		e.ChassisResidentPorts = append(e.ChassisResidentPorts, name)
	}
	return &n
}

// symtab is OVN's symbols and those that its test program adds to see errors.
func (v *version) symtab() *expr.Symtab {
	t := expr.LogicalFields(v.dialect)
	const field = "OXM_OF_PKT_REG0"
	must(t.AddField("bad_prereq", field, expr.FieldOptions{Prereqs: "xyzzy"}))
	must(t.AddField("self_recurse", field, expr.FieldOptions{Prereqs: "self_recurse != 0"}))
	must(t.AddField("mutual_recurse_1", field, expr.FieldOptions{Prereqs: "mutual_recurse_2 != 0"}))
	must(t.AddField("mutual_recurse_2", field, expr.FieldOptions{Prereqs: "mutual_recurse_1 != 0"}))
	must(t.AddString("big_string", field, expr.FieldOptions{}))
	return t
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// env is what names mean in the expressions of the version.
func (v *version) env() *expr.Env {
	sets, groups := make(map[string]*expr.ConstantSet), make(map[string]*expr.ConstantSet)
	for name, addresses := range v.context.Expr.AddressSets {
		sets[name], _ = expr.NewAddressSet(name, addresses, v.dialect)
	}
	for name, ports := range v.context.Expr.PortGroups {
		groups[name] = expr.NewPortGroup(ports)
	}
	return &expr.Env{
		Symtab:     v.symtab(),
		AddressSet: func(name string) *expr.ConstantSet { return sets[name] },
		PortGroup:  func(name string) *expr.ConstantSet { return groups[name] },
	}
}

func (v *version) port(name string) (uint32, bool) {
	key, ok := v.context.Expr.Ports[name]
	return key, ok
}

func (v *version) resident() func(port string) bool {
	here := make(map[string]bool)
	for _, port := range v.context.Expr.ChassisResidentPorts {
		here[port] = true
	}
	return func(port string) bool { return here[port] }
}
