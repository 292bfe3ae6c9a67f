package expr

import (
	"fmt"
	"strings"

	"github.com/flowhost/flowhost/plugins/lflow/lex"
)

// A VLAN tag is one field to logical flows, vlan.tci: priority (3 bits), presence (1 bit), id (12 bits). OpenFlow 1.5 has
// vlan_vid, which is presence and id and can be masked, and vlan_pcp, which cannot and asks for presence.

const vlanPresent = 0x1000

// tci is a match on the whole tag.
type tci struct{ value, mask uint16 }

// tag is what the constraints say of the tag.
func (c *constraints) tag() (t tci) {
	if c.set&(1<<slotVLANVID) != 0 {
		t = tci{uint16(c.values[slotVLANVID].Lo), uint16(c.masks[slotVLANVID].Lo)}
	}
	if c.set&(1<<slotVLANPCP) != 0 {
		t.value |= uint16(c.values[slotVLANPCP].Lo) << 13
		t.mask |= uint16(c.masks[slotVLANPCP].Lo) << 13
	}
	return t
}

// sendable says whether OpenFlow can say it.
func (t tci) sendable() bool { return t.mask>>13 == 0 || t.mask>>13 == 7 && t.value&vlanPresent != 0 }

// setTag is a match on presence and id by value and mask, and on a priority if pcp is not negative.
func (c *constraints) setTag(vid, mask uint16, pcp int) {
	c.put(slotVLANVID, lex.Uint(uint64(vid)), lex.Uint(uint64(mask)))
	c.put(slotVLANPCP, lex.Uint(uint64(max(pcp, 0))), fullMask(pcp >= 0, 3))
}

// lossy is what Open vSwitch makes of a match on a tag that OpenFlow cannot say, for setTag: all bits of the priority if the tag
// must be there, and none otherwise. (For an id without a tag Open vSwitch writes the priority too, and then refuses that itself.)
func (t tci) lossy() (vid, mask uint16, pcp int) {
	vid, pcp = t.value&0x1fff, int(t.value>>13)
	if vid&vlanPresent == 0 {
		pcp = -1
	}
	return vid, t.mask & 0x1fff, pcp
}

// sendTagged sends a match on the priority of a tag: as it is, or where OpenFlow cannot say it, one match for packets without
// a tag and for each priority, of those that are meant.
func (m *matcher) sendTagged(d draft) {
	t := m.constraints.tag()
	if t.sendable() {
		m.send(d)
		return
	}
	vid, mask, pcp, pcpMask := t.value&0x1fff, t.mask&0x1fff, int(t.value>>13), int(t.mask>>13)
	if t.value == 0 {
		m.constraints.setTag(0, vlanPresent, -1)
		m.send(d)
	}
	if mask&vlanPresent != 0 && vid&vlanPresent == 0 {
		return
	}
	for p := range 8 {
		if (p^pcp)&pcpMask == 0 {
			m.constraints.setTag(vid|vlanPresent, mask|vlanPresent, p)
			m.send(d)
		}
	}
}

// Text is the match as OVN's tools print it, with its conjunctions: "ip,reg14=0x5: conjunction(1, 0/2)". It is what the
// expression asked for, also where a dialect loses a part of that.
func (m *Match) Text() string {
	text := m.Match.String()
	if m.asked != nil {
		text = m.asked.String()
	}
	for i, c := range m.Conjunctions {
		separator := ","
		if i == 0 {
			separator = ":"
		}
		text += fmt.Sprintf("%s conjunction(%d, %d/%d)", separator, c.ID, c.Clause, c.Clauses)
	}
	return text
}

// String is the match as Open vSwitch prints it.
func (a *asked) String() string {
	const place = "dl_vlan_pcp=0"
	text := a.match.String()
	switch a.tci.mask {
	case 0:
		return text
	case 0xffff:
		return strings.Replace(text, place, fmt.Sprintf("vlan_tci=0x%04x", a.tci.value), 1)
	}
	return strings.Replace(text, place, fmt.Sprintf("vlan_tci=0x%04x/0x%04x", a.tci.value, a.tci.mask), 1)
}
