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
		if _, is := parseZone(externalIDs[zonePrefix+key]); !is {
			delete(s.zones, key)
			s.fire(KindZone, key)
		}
	}
	for key, text := range externalIDs {
		key, is := strings.CutPrefix(key, zonePrefix)
		zone, isZone := parseZone(text)
		if before, had := s.zones[key]; is && isZone && (!had || zone != before) {
			s.zones[key] = zone
			s.fire(KindZone, key)
		}
	}
}

func parseZone(text string) (zone int, is bool) {
	n, err := strconv.ParseUint(text, 10, 16)
	return int(n), err == nil
}

// Zone is the conntrack zone of a logical port, by its name, or of a datapath, by its UUID with "_dnat" or "_snat" behind it. It may be
// 0, which a router can ask for (ovn-nb(5), Logical_Router, options:snat-ct-zone).
func (s *State) Zone(key string) (zone int, assigned bool) {
	zone, assigned = s.zones[key]
	return zone, assigned
}
