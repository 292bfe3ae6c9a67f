package local

import (
	"strconv"
	"strings"
)

// zonePrefix begins the keys of the integration bridge's external_ids that assign conntrack zones (ovn-controller(8), ct-zone-*).
const zonePrefix = "ct-zone-"

// setZones takes in the external_ids of the integration bridge. A zone that is no number is none.
func (s *State) setZones(externalIDs map[string]string) {
	for key := range s.zones {
		if parseZone(externalIDs[zonePrefix+key]) == 0 {
			delete(s.zones, key)
			s.fire(KindZone, key)
		}
	}
	for key, text := range externalIDs {
		key, is := strings.CutPrefix(key, zonePrefix)
		if zone := parseZone(text); is && zone != s.zones[key] {
			s.zones[key] = zone
			s.fire(KindZone, key)
		}
	}
}

func parseZone(text string) int {
	zone, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0
	}
	return int(zone)
}

// Zone is the conntrack zone of a logical port, by its name, or of a datapath, by its UUID with "_dnat" or "_snat" behind it; 0 while
// there is none.
func (s *State) Zone(key string) int { return s.zones[key] }
