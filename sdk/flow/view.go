package flow

import "errors"

var (
	errVLANMask     = errors.New("the priority bits must be matched all or none: Open vSwitch cannot report another mask over OpenFlow 1.5")
	errVLANPriority = errors.New("a priority needs the bit 0x1000, which says that there is a tag: Open vSwitch cannot report it without over OpenFlow 1.5")
)

// addView takes in a term on a view: a field that a match over OpenFlow 1.5 shows as others.
func (b *matchBuilder) addView(t Term, offset int) error {
	f := t.field
	if first, ok := f.firstRegister(); ok {
		return b.addRegisters(t, offset, first)
	}
	switch f.row {
	case rowVLANTCI:
		return b.addTCI(t, offset)
	case rowNwTOS:
		return b.addTOS(t, offset)
	}
	return b.add(InPortOXM.Is(uint64(port32(be16(t.value, 0)))), offset) // in_port has no mask
}

// firstRegister is the first of the 32-bit registers that a view of several consists of. ok is false for other views.
func (f *Field) firstRegister() (first int, ok bool) {
	switch {
	case f.row < rowXReg0 || f.row >= rowInPort:
		return 0, false
	case f.row < rowXXReg0:
		return 2 * int(f.row-rowXReg0), true
	}
	return 4 * int(f.row-rowXXReg0), true
}

// addRegisters splits a view of several registers, from number first, into its 32-bit parts.
func (b *matchBuilder) addRegisters(t Term, offset, first int) error {
	for i := 0; i < len(t.value); i += 4 {
		part := Term{field: Reg[first+i/4], value: t.value[i : i+4]}
		if t.mask != "" {
			if part.mask = t.mask[i : i+4]; part.mask == "\x00\x00\x00\x00" {
				continue
			}
		}
		if err := b.add(part, offset); err != nil {
			return err
		}
	}
	return nil
}

// addTCI splits the OpenFlow 1.0 form of a VLAN tag: priority (3 bits), presence (1), id (12). No tag is vlan_vid=0, whatever
// else of the value is matched (OVS, nx_put_raw).
func (b *matchBuilder) addTCI(t Term, offset int) error {
	const priority = 0xe000
	value, mask := be16(t.value, 0), uint16(0xffff)
	if t.mask != "" {
		mask = be16(t.mask, 0)
	}
	value &= mask
	vid, vidMask := value&^priority, mask&^priority
	switch {
	case mask&priority == 0:
	case mask&vlanPresent != 0 && value == 0:
	case mask&priority != priority:
		return matchError(t.field, offset, errVLANMask)
	case value&vlanPresent == 0:
		return matchError(t.field, offset, errVLANPriority)
	default:
		if err := b.add(VLANPCP.Is(uint64(value>>13)), offset); err != nil {
			return err
		}
	}
	return b.add(VLANVID.IsMasked(uint64(vid), uint64(vidMask)), offset)
}

// addTOS takes the DSCP out of the OpenFlow 1.0 form, which has it in the upper 6 bits.
func (b *matchBuilder) addTOS(t Term, offset int) error {
	if t.value[0]&3 != 0 {
		return matchError(t.field, offset, errRange)
	}
	return b.add(IPDSCP.Is(uint64(t.value[0]>>2)), offset)
}

// port32 is the OpenFlow 1.1+ number of an OpenFlow 1.0 port.
func port32(p uint16) uint32 {
	if p >= firstReservedPort16 {
		return 0xffff0000 | uint32(p)
	}
	return uint32(p)
}
