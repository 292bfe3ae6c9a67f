package openflow

import "encoding/binary"

// A property (§7.2.2) is what OpenFlow 1.5 and Nicira's newer messages are extended by:
//
//	type u16 | length u16 (header included, padding not) | value | padding to 8 bytes
const propertyLen = 4

// property takes one property. The value is what is behind the header.
func (w *walker) property() (typ uint16, value []byte, err error) {
	t, err := w.uint16At(0)
	if err != nil {
		return 0, nil, err
	}
	value, err = w.padded(propertyLen)
	return uint16(t), value, err
}

// Properties with a number come in two layouts: up to 32 bits right behind the header, 64 bits after 4 bytes of padding.

// uint8 returns the value of a property that is a byte, 0 if it is none.
func propertyUint8(value []byte) uint8 {
	if len(value) < 1 {
		return 0
	}
	return value[0]
}

func propertyUint16(value []byte) uint16 {
	if len(value) < 2 {
		return 0
	}
	return binary.BigEndian.Uint16(value)
}

func propertyUint32(value []byte) uint32 {
	if len(value) < 4 {
		return 0
	}
	return binary.BigEndian.Uint32(value)
}

func propertyUint64(value []byte) uint64 {
	if len(value) < 12 {
		return 0
	}
	return binary.BigEndian.Uint64(value[4:])
}

// beginProperty appends the header of a property whose length endProperty fills in.
func beginProperty(b []byte, typ uint16) ([]byte, int) {
	start := len(b)
	return append(b, byte(typ>>8), byte(typ), 0, 0), start
}

// endProperty ends the property that began at start, and pads it.
func endProperty(b []byte, start int) []byte {
	binary.BigEndian.PutUint16(b[start+2:], uint16(len(b)-start))
	return pad8(b, start)
}

// appendProperty appends a property with these bytes as its value.
func appendProperty(b []byte, typ uint16, value ...byte) []byte {
	b, start := beginProperty(b, typ)
	return endProperty(append(b, value...), start)
}
