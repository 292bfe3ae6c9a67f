package local

import (
	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
)

// systemID is the key of external_ids that holds the chassis' name.
const systemID = "system-id"

// settings are what the operator has set on this chassis, and its names.
type settings struct {
	externalIDs map[string]string
	rows        map[uuid.UUID]*sb.Chassis
	names       names // Invariant: what follows from the fields above
}

// names are what options of a port may call this chassis by.
type names struct {
	name     string // system-id, Chassis.name
	hostname string // of the Chassis row; before that is there, what it is going to be
}

func newSettings() settings { return settings{rows: map[uuid.UUID]*sb.Chassis{}} }

func (s *settings) setOpenvSwitch(new *vswitch.OpenvSwitch) {
	s.externalIDs = nil
	if new != nil {
		s.externalIDs = new.ExternalIDs
	}
	s.setNames()
}

func (s *settings) setChassis(id uuid.UUID, new *sb.Chassis) {
	delete(s.rows, id)
	if new != nil {
		s.rows[id] = new
	}
	s.setNames()
}

func (s *settings) setNames() {
	s.names = names{name: s.externalIDs[systemID], hostname: s.get("hostname")}
	for _, row := range s.rows {
		if row.Name == s.names.name {
			s.names.hostname = row.Hostname
		}
	}
}

// get is State.Setting.
func (s *settings) get(key string) string {
	if value, ok := s.externalIDs[key+"-"+s.externalIDs[systemID]]; ok {
		return value
	}
	return s.externalIDs[key]
}
