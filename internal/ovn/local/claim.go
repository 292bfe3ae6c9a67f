package local

import (
	"strings"

	"github.com/flowhost/flowhost/internal/ovn/sb"
)

// Types of logical ports (ovn-sb(5), Port_Binding, type) that have rules here.
const (
	typeVIF       = ""
	typePatch     = "patch"
	typeL2Gateway = "l2gateway"
	typeL3Gateway = "l3gateway"
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
	}
	return false
}

// isBound: a VIF needs an interface here, a container its parent's, and the parent must be a VIF. That the parent is requested
// elsewhere does not keep a container away in OVN 23.03 (it does in later versions).
func (s *State) isBound(p *port) bool {
	vif := p
	if parentOf(p.row) != "" {
		vif = p.other
	}
	if vif.row == nil || vif.row.Type != typeVIF || parentOf(vif.row) != "" {
		return false
	}
	return s.isRequested(p.row) && s.interfaces.has(vif.name, vif.row.Options["iface-id-ver"])
}

// isRequested says whether the CMS lets the port be on this chassis: options:requested-chassis names it, as one of a list that is
// separated by commas, or names none (lport.c, lport_can_bind_on_this_chassis). ovn-northd fills the columns
// requested_chassis and requested_additional_chassis from the same option.
func (s *State) isRequested(row *sb.PortBinding) bool {
	requested := row.Options["requested-chassis"]
	if requested == "" {
		return true
	}
	for one := range strings.SplitSeq(requested, ",") {
		if one != "" && (one == s.settings.names.name || one == s.settings.names.hostname) {
			return true
		}
	}
	return false
}

func (s *State) isChassis(id string) bool {
	return id != "" && id == s.settings.names.name
}

func parentOf(row *sb.PortBinding) string {
	if row.Type != typeVIF || row.ParentPort == nil {
		return ""
	}
	return *row.ParentPort
}

// other is the name of the port that the rules for this one look at, too; "" for none.
func other(row *sb.PortBinding) string {
	switch row.Type {
	case typeVIF:
		return parentOf(row)
	case typePatch:
		return row.Options["peer"]
	}
	return ""
}
