package config

// assignIDs gives an owner with tables the ids that its configuration leaves out. They follow from the slot alone, and a slot never
// moves (see assignSlots), so neither do they. The numbers are for ever:
//
//	groups, conjunctions  16,777,216 in a row: those whose top byte is the slot. Slot 0, which OVN's sources share, has 1 to 0xffffff.
//	meters                32,767 for slot 0; 128 in a row for each other one, from 32,768 up. A switch takes no meter id above its max_meter
//	                      (OpenFlow 1.5 §7.3.5.14), which is some 200,000 (DP_METER_NUM_MAX of Linux, MAX_METERS of Open vSwitch's dpif-netdev).
func (p *Plugin) assignIDs() {
	if len(p.Tables) == 0 {
		return
	}
	slot := uint32(*p.Slot)
	first := max(slot<<24, 1)
	byTopByte := Range{first, slot<<24 | 0xffffff}
	meters := Range{1, 0x7fff}
	if slot > 0 {
		meters = Range{0x8000 + (slot-1)*128, 0x8000 + slot*128 - 1}
	}
	if p.Groups == nil {
		p.Groups = []Range{{first, min(byTopByte.Last, maxGroup)}}
	}
	if p.Meters == nil {
		p.Meters = []Range{meters}
	}
	if p.Conjunctions == nil {
		p.Conjunctions = []Range{byTopByte}
	}
}

// disjoint checks that no two plugins share an id.
func (c *Config) disjoint() error {
	for i := range c.Plugins {
		for j := range c.Plugins[:i] {
			if err := disjoint(&c.Plugins[j], &c.Plugins[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func disjoint(a, b *Plugin) error {
	for _, ids := range []struct {
		what string
		a, b []Range
	}{
		{"groups", a.Groups, b.Groups}, {"meters", a.Meters, b.Meters}, {"conjunctions", a.Conjunctions, b.Conjunctions},
	} {
		for _, x := range ids.a {
			for _, y := range ids.b {
				if x.First <= y.Last && y.First <= x.Last {
					return b.at.invalid(ids.what, "plugins %s and %s: %s: %v and %v overlap", a.Name, b.Name, ids.what, x, y)
				}
			}
		}
	}
	return nil
}
