package flow

import "encoding/binary"

// Matches and actions are strings: these read them without a conversion, and without its allocation.

func be16(s string, i int) uint16 { return uint16(s[i])<<8 | uint16(s[i+1]) }

func be32(s string, i int) uint32 { return uint32(be16(s, i))<<16 | uint32(be16(s, i+2)) }

func be64(s string, i int) uint64 { return uint64(be32(s, i))<<32 | uint64(be32(s, i+4)) }

// uintOf reads up to 8 bytes as one big-endian number.
func uintOf(s string) uint64 {
	var v uint64
	for i := range len(s) {
		v = v<<8 | uint64(s[i])
	}
	return v
}

// appendUint appends v as n big-endian bytes. More than 8 are filled with zeros in front.
func appendUint(b []byte, v uint64, n int) []byte {
	for ; n > 8; n-- {
		b = append(b, 0)
	}
	var buf [8]byte
	binary.BigEndian.PutUint64(buf[:], v)
	return append(b, buf[8-n:]...)
}

// allBytes says whether every byte of s is c.
func allBytes(s string, c byte) bool {
	for i := range len(s) {
		if s[i] != c {
			return false
		}
	}
	return true
}

// pad8 rounds n up to a multiple of 8.
func pad8(n int) int { return (n + 7) &^ 7 }
