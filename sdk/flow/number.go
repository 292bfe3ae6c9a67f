package flow

import (
	"errors"
	"strconv"
)

// This file has the actions that say one number or nothing.

// ToGroup sends the packet through a group.
func ToGroup(g GroupID) Action { return numberAction(kindGroup, uint64(g)) }

// ToMeter sends the packet through a meter, which may drop it.
func ToMeter(m MeterID) Action { return numberAction(kindMeter, uint64(m)) }

// SetQueue chooses the queue of later outputs.
func SetQueue(queue uint32) Action { return numberAction(kindSetQueue, uint64(queue)) }

// PopQueue goes back to the queue from before SetQueue.
func PopQueue() Action { return numberAction(kindPopQueue, 0) }

// PushVLAN adds a VLAN tag of an Ethernet type, 0x8100 or 0x88a8.
func PushVLAN(etherType uint16) Action { return numberAction(kindPushVLAN, uint64(etherType)) }

// PopVLAN removes the outermost VLAN tag.
func PopVLAN() Action { return numberAction(kindPopVLAN, 0) }

// PushMPLS adds an MPLS label of an Ethernet type, 0x8847 or 0x8848.
func PushMPLS(etherType uint16) Action { return numberAction(kindPushMPLS, uint64(etherType)) }

// PopMPLS removes the outermost MPLS label; what is behind it has the Ethernet type.
func PopMPLS(etherType uint16) Action { return numberAction(kindPopMPLS, uint64(etherType)) }

// SetMPLSTTL writes the time to live of the outermost MPLS label.
func SetMPLSTTL(ttl uint8) Action { return numberAction(kindSetMPLSTTL, uint64(ttl)) }

// DecMPLSTTL lowers the time to live of the outermost MPLS label.
func DecMPLSTTL() Action { return numberAction(kindDecMPLSTTL, 0) }

// SetTTL writes the time to live, or hop limit, of IP.
func SetTTL(ttl uint8) Action { return numberAction(kindSetTTL, uint64(ttl)) }

// DecNSHTTL lowers the time to live of NSH.
func DecNSHTTL() Action { return numberAction(kindDecNSHTTL, 0) }

// CTClear forgets what connection tracking said of the packet.
func CTClear() Action { return numberAction(kindCTClear, 0) }

// Exit ends the pipeline for the packet.
func Exit() Action { return numberAction(kindExit, 0) }

// numberKind is how an action that says one number, or none, looks: on the wire behind the 4 bytes of type and length, or the 10
// of Open vSwitch's own; and as text.
type numberKind struct {
	wire    uint16 // type, or subtype
	nicira  bool
	size    int  // bytes of the number; zeros follow up to 8 or 16
	digits  int  // of the number as text, in hexadecimal; 0: decimal
	bracket bool // text is name(n), not name:n
	low     uint64
	high    uint64 // the numbers that there can be
}

func numberKindOf(k actionKind) numberKind {
	switch k {
	case kindGroup:
		return numberKind{wire: typeGroup, size: 4, high: maxGroup}
	case kindMeter:
		return numberKind{wire: typeMeter, size: 4, low: 1, high: maxMeter}
	case kindSetQueue:
		return numberKind{wire: typeSetQueue, size: 4, high: 0xfffffffe}
	case kindPopQueue:
		return numberKind{wire: subPopQueue, nicira: true}
	case kindPushVLAN:
		return numberKind{wire: typePushVLAN, size: 2, digits: 4, low: 0x8100, high: 0x88a8}
	case kindPopVLAN:
		return numberKind{wire: typePopVLAN}
	case kindPushMPLS:
		return numberKind{wire: typePushMPLS, size: 2, digits: 4, low: ethMPLS, high: ethMPLSM}
	case kindPopMPLS:
		return numberKind{wire: typePopMPLS, size: 2, digits: 4, high: 0xffff}
	case kindSetMPLSTTL:
		return numberKind{wire: typeSetMPLSTTL, size: 1, bracket: true, high: 0xff}
	case kindDecMPLSTTL:
		return numberKind{wire: typeDecMPLSTTL}
	case kindSetTTL:
		return numberKind{wire: typeSetTTL, size: 1, high: 0xff}
	case kindDecNSHTTL:
		return numberKind{wire: subDecNSHTTL, nicira: true}
	case kindCTClear:
		return numberKind{wire: subCTClear, nicira: true}
	}
	return numberKind{wire: subExit, nicira: true}
}

var errNumberArgument = errors.New("no such number")

// valid says whether there can be the number.
func (n numberKind) valid(k actionKind, v uint64) bool {
	return v >= n.low && v <= n.high && (k != kindPushVLAN || v == n.low || v == n.high)
}

func numberAction(k actionKind, v uint64) Action {
	n := numberKindOf(k)
	b := appendUint(make([]byte, 0, 16), uint64(n.wire)<<16|8, 4)
	if n.nicira {
		b = newNicira(int(n.wire), 16)
	}
	a := finished(appendUint(b, v, n.size))
	if !n.valid(k, v) {
		a.err = errNumberArgument
	}
	return a
}

func (w *rewriter) number(k actionKind, a string) error {
	n := numberKindOf(k)
	at, size := 4, 8
	if n.nicira {
		at, size = 10, 16
	}
	if err := fixed(a, size); err != nil {
		return err
	}
	end := at + n.size
	if !n.valid(k, uintOf(a[at:end])) {
		return errNumberArgument
	}
	w.text(a[:end])
	w.zeros(size - end)
	return nil
}

func appendNumber(b []byte, k actionKind, a string) []byte {
	n := numberKindOf(k)
	b = append(b, k.String()...)
	if n.size == 0 {
		return b
	}
	v := uintOf(a[4 : 4+n.size])
	switch {
	case n.digits > 0:
		return appendHexDigits(append(b, ":0x"...), v, n.digits)
	case n.bracket:
		return append(strconv.AppendUint(append(b, '('), v, 10), ')')
	}
	return strconv.AppendUint(append(b, ':'), v, 10)
}

func parseNumber(k actionKind, arg argument) (Action, error) {
	n := numberKindOf(k)
	if n.size == 0 {
		if arg.value != "" {
			return Action{}, errFlagValue
		}
		return numberAction(k, 0), nil
	}
	v, err := parseUint(arg.value, 8*n.size)
	return numberAction(k, v), err
}
