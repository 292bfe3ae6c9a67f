package local

import (
	"maps"
	"strings"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
)

// systemID is the key of external_ids that holds the chassis' name.
const systemID = "system-id"

// bridgeMappings is the key of external_ids that says which bridge is in which physical network: "NETWORK:BRIDGE,…".
const bridgeMappings = "ovn-bridge-mappings"

// settings are what the operator has set on this chassis, and its names.
type settings struct {
	externalIDs map[string]string
	rows        map[string]*sb.Chassis // by UUID
	bridges     map[string]int         // how many bridges have a name
	names                              // Invariant: what follows from the fields above
	networks    map[string]string      // bridges of ovn-bridge-mappings by network, of those that are there
}

// names are what options of a port may call this chassis by, and its row, and what else the rules of all ports read.
type names struct {
	name     string // system-id, Chassis.name
	hostname string // of the Chassis row; before that is there, what it is going to be
	self     string // UUID of the Chassis row; "" before it is there

	monitorAll bool // external_ids:ovn-monitor-all
}

func newSettings() settings {
	return settings{rows: map[string]*sb.Chassis{}, bridges: map[string]int{}}
}

// setOpenvSwitch takes in the settings and returns the keys whose values have become others.
func (s *settings) setOpenvSwitch(new *vswitch.OpenvSwitch) (changed []string) {
	before := *s
	s.externalIDs = nil
	if new != nil {
		s.externalIDs = new.ExternalIDs
	}
	keys := map[string]struct{}{}
	for _, ids := range []map[string]string{before.externalIDs, s.externalIDs} {
		suffix := "-" + ids[systemID]
		for key := range ids {
			keys[key] = struct{}{}
			keys[strings.TrimSuffix(key, suffix)] = struct{}{}
		}
	}
	for key := range keys {
		if before.get(key) != s.get(key) {
			changed = append(changed, key)
		}
	}
	s.setNames()
	return changed
}

func (s *settings) setChassis(id uuid.UUID, new *sb.Chassis) {
	delete(s.rows, id.String())
	if new != nil {
		s.rows[id.String()] = new
	}
	if name := s.externalIDs[systemID]; s.self == id.String() || s.self == "" && new != nil && new.Name == name {
		s.setNames()
	}
}

func (s *settings) setNames() {
	s.names = names{name: s.externalIDs[systemID], hostname: s.get("hostname"), monitorAll: strings.EqualFold(s.get("ovn-monitor-all"), "true")}
	for id, row := range s.rows {
		if row.Name == s.name && s.name != "" {
			s.hostname, s.self = row.Hostname, id
		}
	}
}

// setBridge counts the bridges of a name.
func (s *settings) setBridge(old, new *vswitch.Bridge) {
	if old != nil {
		if s.bridges[old.Name]--; s.bridges[old.Name] == 0 {
			delete(s.bridges, old.Name)
		}
	}
	if new != nil {
		s.bridges[new.Name]++
	}
}

// setNetworks works out the networks and says whether they are others than before.
func (s *settings) setNetworks() bool {
	networks := map[string]string{}
	for network, bridge := range Mappings(s.get(bridgeMappings)) {
		if s.bridges[bridge] > 0 {
			networks[network] = bridge
		}
	}
	same := maps.Equal(networks, s.networks)
	s.networks = networks
	return !same
}

// Mappings reads "KEY:VALUE,…"; of a key that is there twice the first counts. A value may have colons.
func Mappings(text string) map[string]string {
	pairs := map[string]string{}
	for one := range strings.SplitSeq(text, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(one), ":")
		if _, there := pairs[key]; !there && key != "" && value != "" {
			pairs[key] = value
		}
	}
	return pairs
}

// get is State.Setting.
func (s *settings) get(key string) string {
	if value, ok := s.externalIDs[key+"-"+s.externalIDs[systemID]]; ok {
		return value
	}
	return s.externalIDs[key]
}
