package local

import (
	"github.com/flowhost/flowhost/internal/ovn/sb"
)

// Types of logical ports (ovn-sb(5), Port_Binding, type) that have rules here.
const (
	typeVIF       = ""
	typePatch     = "patch"
	typeL2Gateway = "l2gateway"
	typeL3Gateway = "l3gateway"
	typeVirtual   = "virtual"
	typeRedirect  = "chassisredirect"
	typeExternal  = "external"
	typeLocalnet  = "localnet"
	typeLocalport = "localport"
	typeVTEP      = "vtep"
)

// isHere is the rule by which a port makes its datapath local (binding.c, consider_*_lport). Ports of other types do not.
func (s *State) isHere(p *port) bool {
	switch p.row.Type {
	case typeVIF:
		return s.isBound(p)
	case typeL2Gateway:
		return s.isChassis(p.row.Options["l2gateway-chassis"])
	case typeL3Gateway:
		return s.isChassis(p.row.Options["l3gateway-chassis"])
	case typeVirtual: // a container is no parent of one (binding.c, consider_virtual_lport)
		parent := s.ports[deref(p.row.VirtualParent)]
		return parent != nil && parent.row != nil && parent.row.Type == typeVIF && parentOf(parent.row) == "" && s.isBound(parent)
	case typeRedirect, typeExternal: // here as soon as this chassis may get it (consider_ha_lport)
		return s.isMember(p.row)
	}
	return false
}

// isRelated: ports of some types are of interest wherever they are, others when they are here.
func (s *State) isRelated(p *port) bool {
	if p.row == nil {
		return false
	}
	switch p.row.Type {
	case typePatch, typeVTEP, typeLocalnet:
		return true
	case typeLocalport: // it is on each chassis that has an interface for it
		return s.interfaces.has(p.name, "")
	}
	return s.isHere(p)
}

// isBound: a VIF needs an interface here, a container its parent's, and the parent must be a VIF. That the parent is requested
// elsewhere does not keep a container away in OVN 23.03 (it does in later versions).
func (s *State) isBound(p *port) bool {
	vif := p
	if parent := parentOf(p.row); parent != "" {
		vif = s.ports[parent]
	}
	if vif.row == nil || vif.row.Type != typeVIF || parentOf(vif.row) != "" {
		return false
	}
	return s.isRequested(p.row) && s.interfaces.has(vif.name, vif.row.Options["iface-id-ver"])
}

// CanBind says whether the CMS lets a port be on this chassis, as isRequested.
func (s *State) CanBind(row *sb.PortBinding) bool { return s.isRequested(row) }

// Bound is the number of the interface by which a VIF, container or virtual port is bound here; 0 if it is not. A virtual port is
// where its parent is.
func (s *State) Bound(row *sb.PortBinding) (ofport int) {
	_, id := s.Carrier(row)
	if id == "" {
		return 0
	}
	return s.interfaces.all[parse(id)].ofport
}

// Carrier is the VIF whose interface a VIF, container or virtual port is bound by here, which may be itself, and the UUID of that
// interface; nil if it is not bound.
func (s *State) Carrier(row *sb.PortBinding) (vif *sb.PortBinding, id string) {
	p := s.ports[row.LogicalPort]
	if p == nil || p.row == nil || IsGateway(p.row) || !s.isHere(p) {
		return nil, ""
	}
	vif = p.row
	if name := carrier(vif); name != "" { // isHere has seen that it is there
		vif = s.ports[name].row
	}
	return vif, s.interfaces.find(vif.LogicalPort, vif.Options["iface-id-ver"]).id.String()
}

// Affected are the UUIDs of the Port_Bindings that may be bound anew when an interface comes or goes for a logical port, by its name.
func (s *State) Affected(name string) (ids []string) {
	p := s.ports[name]
	if p == nil {
		return nil
	}
	if p.row != nil {
		ids = append(ids, p.id.String())
	}
	for dependent := range p.namedBy {
		if row := dependent.row; row != nil && (row.Type == typeVIF || row.Type == typeVirtual) {
			ids = append(ids, dependent.id.String())
		}
	}
	return ids
}

// isFollowed says whether the datapath behind a patch port is local with the one before it. It is not behind a distributed gateway
// port whose traffic always goes to its gateway (options:always-redirect), on a chassis that cannot be that (local_data.c,
// need_add_peer_to_local).
//
// Nor is it behind a gateway router's port that is on another chassis: ovn-controller has not been told of that one, for it asks the
// database for gateways of its own and for ports of local datapaths only, unless external_ids:ovn-monitor-all is true (update_sb_monitors).
func (s *State) isFollowed(p *port) bool {
	if peer := s.peer(p); peer != nil && peer.row.Type == typeL3Gateway && !s.settings.monitorAll &&
		!s.isChassis(peer.row.Options["l3gateway-chassis"]) {
		return false
	}
	redirect := s.named(p, "chassis-redirect-port")
	if redirect == nil || redirect.row.Options["always-redirect"] != "true" {
		return true
	}
	return s.isMember(redirect.row)
}

func (s *State) isChassis(id string) bool {
	return id != "" && id == s.settings.name
}

func parentOf(row *sb.PortBinding) string {
	if row.Type != typeVIF {
		return ""
	}
	return deref(row.ParentPort)
}

// carrier names the port whose interface is a container's or a virtual port's, too.
func carrier(row *sb.PortBinding) string {
	if row.Type == typeVirtual {
		return deref(row.VirtualParent)
	}
	return parentOf(row)
}

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// others are the names of the ports that the rules for this one look at, too.
func others(row *sb.PortBinding) (names []string) {
	candidates := [2]string{carrier(row)}
	if row.Type == typePatch || row.Type == typeL3Gateway {
		candidates = [2]string{row.Options["peer"], row.Options["chassis-redirect-port"]}
	}
	for _, name := range candidates {
		if name != "" && (len(names) == 0 || names[0] != name) {
			names = append(names, name)
		}
	}
	return names
}
