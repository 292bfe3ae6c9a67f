package openflow

import "encoding/binary"

// helloVersionBitmap is the one type of hello element there is (OFPHET_VERSIONBITMAP).
const helloVersionBitmap = 1

// AppendHello appends a hello that offers OpenFlow 1.5 and nothing else (§7.5.1): the header and one version bitmap.
func AppendHello(b []byte, xid uint32) []byte {
	b, start := begin(b, TypeHello, xid)
	b = append(b, 0, helloVersionBitmap, 0, 8)
	b = binary.BigEndian.AppendUint32(b, 1<<Version)
	return end(b, start)
}

// AppendEchoRequest appends an echo request (§7.5.2). The switch sends data back unchanged; it is at most
// MaxMessageLen-HeaderLen bytes.
func AppendEchoRequest(b []byte, xid uint32, data []byte) []byte {
	b, start := begin(b, TypeEchoRequest, xid)
	return end(append(b, data...), start)
}

// AppendEchoReply appends the answer to an echo request (§7.5.3): its xid and its data.
func AppendEchoReply(b []byte, xid uint32, data []byte) []byte {
	b, start := begin(b, TypeEchoReply, xid)
	return end(append(b, data...), start)
}

// AppendBarrierRequest appends a barrier request (§7.3.7). The reply has the same xid, and comes when the switch is done
// with every message before it, errors included.
func AppendBarrierRequest(b []byte, xid uint32) []byte {
	b, start := begin(b, TypeBarrierRequest, xid)
	return end(b, start)
}

// AppendBarrierReply appends the answer to a barrier request.
func AppendBarrierReply(b []byte, xid uint32) []byte {
	b, start := begin(b, TypeBarrierReply, xid)
	return end(b, start)
}

// ParseHello decodes a hello of any version and returns the versions its sender speaks, as a set with bit n for wire
// version n (§7.5.1). Without a bitmap in it, these are all up to the version of the hello itself.
func ParseHello(msg []byte) (versions uint64, err error) {
	h, err := ParseHeader(msg)
	if err != nil || h.Type != TypeHello || int(h.Length) != len(msg) {
		return 0, &DecodeError{What: "hello", Reason: "not a whole hello"}
	}
	for e := msg[HeaderLen:]; len(e) >= 4; {
		n := int(binary.BigEndian.Uint16(e[2:]))
		if n < 4 || n > len(e) {
			return 0, &DecodeError{What: "hello", Offset: len(msg) - len(e), Reason: "an element leads out of it"}
		}
		if binary.BigEndian.Uint16(e) == helloVersionBitmap && n >= 8 {
			return uint64(binary.BigEndian.Uint32(e[4:])), nil
		}
		e = e[min((n+7)&^7, len(e)):]
	}
	return 1<<(min(h.Version, 62)+1) - 2, nil
}
