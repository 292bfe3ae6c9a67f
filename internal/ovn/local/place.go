package local

import (
	"slices"
	"strings"

	"github.com/flowhost/flowhost/internal/ovn/sb"
)

// Place is what a chassis is to a port.
type Place uint8

// The places.
const (
	Elsewhere  Place = iota // it has nothing to do with it
	Main                    // it is Port_Binding.chassis
	Additional              // it is one of Port_Binding.additional_chassis
)

// Requested is the place that the CMS gives this chassis (lport.c, lport_can_bind_on_this_chassis): by the columns requested_chassis and
// requested_additional_chassis, where ovn-northd passes over chassis that are not there. Otherwise, options:requested-chassis names the
// main chassis first and additional ones behind it, separated by commas, or names none.
func (s *State) Requested(row *sb.PortBinding) Place {
	if self := s.settings.self; self != "" {
		switch {
		case deref(row.RequestedChassis) == self:
			return Main
		case slices.Contains(row.RequestedAdditionalChassis, self):
			return Additional
		}
	}
	requested := row.Options["requested-chassis"]
	if requested == "" {
		return Main
	}
	place := Main
	for one := range strings.SplitSeq(requested, ",") {
		if one == "" {
			continue
		}
		if one == s.settings.name || one == s.settings.hostname {
			return place
		}
		place = Additional
	}
	return Elsewhere
}

func (s *State) isRequested(row *sb.PortBinding) bool { return s.Requested(row) != Elsewhere }

// IsClaimed says whether chassis such as this one claim ports of a type. VTEP gateways and those of other availability zones are claimed by
// programs of their own, and of a type that is not known nobody can say.
func IsClaimed(row *sb.PortBinding) bool {
	switch row.Type {
	case typeVIF, typeVirtual, typeL2Gateway, typeL3Gateway, typeRedirect, typeExternal, typeLocalport, typeLocalnet, typePatch:
		return true
	}
	return false
}

// IsGateway says whether a port is on a chassis by options or a group, not by an interface.
func IsGateway(row *sb.PortBinding) bool {
	switch row.Type {
	case typeL2Gateway, typeL3Gateway, typeRedirect, typeExternal:
		return true
	}
	return false
}

// Claim is the place in which this chassis has to claim a port (binding.c, consider_*_lport). read, unless it is nil, is told what the
// answer depends on besides the rows of the port and its parents and their interfaces.
func (s *State) Claim(row *sb.PortBinding, read func(Fact)) Place {
	switch row.Type {
	case typeVIF:
		if s.Bound(row) > 0 {
			return s.Requested(row)
		}
	case typeVirtual: // with its parent
		if vif, _ := s.Carrier(row); vif != nil && s.Place(vif) != Elsewhere {
			return s.Requested(row)
		}
	case typeL2Gateway:
		return s.alone(row, s.isChassis(row.Options["l2gateway-chassis"]))
	case typeL3Gateway:
		return s.alone(row, s.isChassis(row.Options["l3gateway-chassis"]))
	case typeRedirect, typeExternal:
		return s.alone(row, s.IsActive(row, read))
	}
	return Elsewhere
}

// alone is the place of a port that is on one chassis at most.
func (s *State) alone(row *sb.PortBinding, here bool) Place {
	if here && s.Requested(row) == Main {
		return Main
	}
	return Elsewhere
}

// Place is the place in which this chassis has claimed a port, as its row says. A row that has it twice counts as Main.
func (s *State) Place(row *sb.PortBinding) Place {
	self := s.settings.self
	if self == "" {
		return Elsewhere
	}
	if deref(row.Chassis) == self {
		return Main
	}
	for _, one := range row.AdditionalChassis {
		if one == self {
			return Additional
		}
	}
	return Elsewhere
}
