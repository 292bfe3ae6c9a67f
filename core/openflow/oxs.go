package openflow

import (
	"encoding/binary"
	"errors"
	"time"
)

// An OXS TLV (§7.2.4.2) has the same 4-byte header as an OXM one, without a mask bit:
//
//	class u16 | field 7 bits, reserved 1 bit | length u8 | value
const (
	oxsBasic    = 0x8002 // OFPXSC_OPENFLOW_BASIC
	oxsDuration = 0      // seconds u32, nanoseconds u32
	oxsIdle     = 1      // the same
	oxsPackets  = 4      // u64
	oxsBytes    = 5      // u64
)

// parse fills s from a list of OXS TLVs. What it does not know it leaves out.
func (s *Stats) parse(oxs []byte) error {
	for len(oxs) > 0 {
		if len(oxs) < 4 || len(oxs) < 4+int(oxs[3]) {
			return errors.New("a statistics field leads out of the list")
		}
		class, field, value := binary.BigEndian.Uint16(oxs), oxs[2]>>1, oxs[4:4+int(oxs[3])]
		oxs = oxs[4+len(value):]
		if class != oxsBasic || len(value) != 8 {
			continue
		}
		switch n := binary.BigEndian.Uint64(value); field {
		case oxsDuration:
			s.Duration = oxsTime(n)
		case oxsIdle:
			s.Idle = oxsTime(n)
		case oxsPackets:
			s.Packets = n
		case oxsBytes:
			s.Bytes = n
		}
	}
	return nil
}

// oxsTime makes a duration of seconds in the high and nanoseconds in the low 32 bits.
func oxsTime(n uint64) time.Duration {
	return time.Duration(n>>32)*time.Second + time.Duration(uint32(n))
}

// append appends an ofp_stats with the fields that Open vSwitch sends, in its order.
func (s *Stats) append(b []byte) []byte {
	start := len(b)
	b = append(b, 0, 0, 0, 0)
	for _, f := range [...]struct {
		field byte
		value uint64
	}{
		{oxsDuration, timeOXS(s.Duration)},
		{oxsIdle, timeOXS(s.Idle)},
		{oxsPackets, s.Packets},
		{oxsBytes, s.Bytes},
	} {
		b = append(b, oxsBasic>>8, oxsBasic&0xff, f.field<<1, 8)
		b = binary.BigEndian.AppendUint64(b, f.value)
	}
	binary.BigEndian.PutUint16(b[start+2:], uint16(len(b)-start))
	return pad8(b, start)
}

// timeOXS is the inverse of oxsTime.
func timeOXS(d time.Duration) uint64 {
	return uint64(d/time.Second)<<32 | uint64(d%time.Second)
}
