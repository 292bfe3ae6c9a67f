package flow

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ControllerOptions say how a packet goes to controllers (ovs-actions(7), The controller action).
type ControllerOptions struct {
	MaxLen   uint16 // bytes of the packet; 0 means all
	ID       uint16 // which controllers
	Reason   Reason // what the message says why
	UserData []byte // goes with the message
	Pause    bool   // the pipeline goes on when the controller says so
	Meter    uint32 // limits the messages; 0 for none
}

// Reason is why a packet goes to a controller (OpenFlow 1.5 §7.4.1).
type Reason uint8

// The reasons that an action may give. The zero value is the usual one, whatever number it has on the wire.
const (
	ReasonAction Reason = iota
	ReasonNoMatch
	ReasonInvalidTTL
	ReasonActionSet
	ReasonGroup
	ReasonPacketOut
)

// reasons are the numbers on the wire and the names, by Reason.
var reasons = [...]struct {
	wire uint8
	name string
}{
	ReasonAction: {1, "action"}, ReasonNoMatch: {0, "no_match"}, ReasonInvalidTTL: {2, "invalid_ttl"},
	ReasonActionSet: {3, "action_set"}, ReasonGroup: {4, "group"}, ReasonPacketOut: {5, "packet_out"},
}

const wireReasonAction = 1

var (
	errReason    = errors.New("no such reason")
	errProperty  = errors.New("no such property, or its length is wrong")
	errUserData  = errors.New("user data is not bytes in hexadecimal, separated by dots")
	errArgument  = errors.New("no such argument")
	errFlagValue = errors.New("takes no value")
)

// Properties of NXAST_CONTROLLER2.
const (
	controllerMaxLen = iota
	controllerID
	controllerReason
	controllerUserData
	controllerPause
	controllerMeter
)

// Controller sends the packet to controllers.
func Controller(o ControllerOptions) Action {
	if int(o.Reason) >= len(reasons) {
		return Action{err: errReason}
	}
	if o.MaxLen == 0 {
		o.MaxLen = wholePacket
	}
	c := controller{maxLen: o.MaxLen, id: o.ID, reason: reasons[o.Reason].wire, userData: string(o.UserData), pause: o.Pause, meter: o.Meter}
	if c == (controller{maxLen: c.maxLen, reason: wireReasonAction}) {
		return output(PortController, c.maxLen)
	}
	var w rewriter
	w.putController(&c)
	if len(w.out) > maxActions {
		return Action{wire: string(w.out[:16]), err: errTooLong}
	}
	return Action{wire: string(w.out)}
}

// controller is what NXAST_CONTROLLER and NXAST_CONTROLLER2 say.
type controller struct {
	maxLen, id uint16
	reason     uint8
	pause      bool
	meter      uint32
	userData   string
}

// controller takes NXAST_CONTROLLER: max_len(2) controller_id(2) reason(1) zero(1).
func (w *rewriter) controller(a string) error {
	if err := fixed(a, 16); err != nil {
		return err
	}
	if int(a[14]) >= len(reasons) {
		return errReason
	}
	w.text(a[:15])
	w.zeros(1)
	return nil
}

// controller2 takes NXAST_CONTROLLER2: zeros(6) and properties. One that says no more than NXAST_CONTROLLER can becomes that.
func (w *rewriter) controller2(a string) error {
	c := controller{maxLen: wholePacket, reason: wireReasonAction}
	for rest := a[16:]; rest != ""; {
		if len(rest) < 4 {
			return errProperty
		}
		n := int(be16(rest, 2))
		if n < 4 || pad8(n) > len(rest) {
			return errProperty
		}
		if err := c.property(be16(rest, 0), rest[4:n], rest[4:pad8(n)]); err != nil {
			return err
		}
		rest = rest[pad8(n):]
	}
	w.putController(&c)
	return nil
}

// property takes one property. Small values lie where others have their padding.
func (c *controller) property(kind uint16, body, padded string) error {
	if body != "" && kind != controllerUserData {
		padded = body
	}
	switch {
	case kind == controllerMaxLen && len(padded) >= 2:
		c.maxLen = be16(padded, 0)
	case kind == controllerID && len(padded) >= 2:
		c.id = be16(padded, 0)
	case kind == controllerReason && len(padded) >= 1:
		if c.reason = padded[0]; int(c.reason) >= len(reasons) {
			return errReason
		}
	case kind == controllerUserData:
		c.userData = body
	case kind == controllerPause:
		c.pause = true
	case kind == controllerMeter && len(padded) >= 4:
		c.meter = be32(padded, 0)
	default:
		return errProperty
	}
	return nil
}

func (w *rewriter) putController(c *controller) {
	if c.userData == "" && !c.pause && c.meter == 0 {
		w.nicira(subController, 16)
		w.uint(uint64(c.maxLen)<<32|uint64(c.id)<<16|uint64(c.reason)<<8, 6)
		return
	}
	start := w.pos()
	w.nicira(subController2, w.lengthAt(start))
	w.zeros(6)
	if c.maxLen != wholePacket {
		w.uint(controllerMaxLen<<48|6<<32|uint64(c.maxLen)<<16, 8)
	}
	if c.id != 0 {
		w.uint(controllerID<<48|6<<32|uint64(c.id)<<16, 8)
	}
	if c.reason != wireReasonAction {
		w.uint(controllerReason<<48|5<<32|uint64(c.reason)<<24, 8)
	}
	if n := len(c.userData); n > 0 {
		w.uint(controllerUserData<<16|uint64(4+n), 4)
		w.text(c.userData)
		w.zeros(pad8(4+n) - 4 - n)
	}
	if c.pause {
		w.uint(controllerPause<<48|4<<32, 8)
	}
	if c.meter != 0 {
		w.uint(controllerMeter<<48|8<<32|uint64(c.meter), 8)
	}
	w.finish(start)
}

func appendController(b []byte, a string) []byte {
	c := controller{maxLen: be16(a, 10), id: be16(a, 12), reason: a[14]}
	return c.append(b)
}

func appendController2(b []byte, a string) []byte {
	c := readController2(a)
	return c.append(b)
}

// readController2 takes a canonical NXAST_CONTROLLER2 apart.
func readController2(a string) controller {
	c := controller{maxLen: wholePacket, reason: wireReasonAction}
	for rest := a[16:]; rest != ""; {
		n := int(be16(rest, 2))
		_ = c.property(be16(rest, 0), rest[4:n], rest[4:pad8(n)]) // canonical: no error
		rest = rest[pad8(n):]
	}
	return c
}

func (c *controller) append(b []byte) []byte {
	if *c == (controller{maxLen: c.maxLen, reason: wireReasonAction}) {
		return strconv.AppendUint(append(b, "CONTROLLER:"...), uint64(c.maxLen), 10)
	}
	b = append(b, "controller("...)
	if c.reason != wireReasonAction {
		b = append(append(append(b, "reason="...), reasonName(c.reason)...), ',')
	}
	if c.maxLen != wholePacket {
		b = append(strconv.AppendUint(append(b, "max_len="...), uint64(c.maxLen), 10), ',')
	}
	if c.id != 0 {
		b = append(strconv.AppendUint(append(b, "id="...), uint64(c.id), 10), ',')
	}
	if c.userData != "" {
		b = append(appendDotted(append(b, "userdata="...), c.userData), ',')
	}
	if c.pause {
		b = append(b, "pause,"...)
	}
	if c.meter != 0 {
		b = append(strconv.AppendUint(append(b, "meter_id="...), uint64(c.meter), 10), ',')
	}
	b[len(b)-1] = ')'
	return b
}

func reasonName(wire uint8) string {
	for _, r := range reasons {
		if r.wire == wire {
			return r.name
		}
	}
	return ""
}

// appendDotted appends bytes in hexadecimal with dots between.
func appendDotted(b []byte, s string) []byte {
	for i := range len(s) {
		if i > 0 {
			b = append(b, '.')
		}
		b = appendHexDigits(b, uint64(s[i]), 2)
	}
	return b
}

// parseDotted reads bytes in hexadecimal, with dots between them or not.
func parseDotted(s string) ([]byte, error) {
	var b []byte
	for rest := s; rest != ""; {
		rest = strings.TrimPrefix(rest, ".")
		n := min(2, len(rest))
		v, err := strconv.ParseUint(rest[:n], 16, 8)
		if err != nil || n != 2 {
			return nil, fmt.Errorf("%q: %w", s, errUserData)
		}
		b, rest = append(b, byte(v)), rest[n:]
	}
	return b, nil
}

// parseController reads "CONTROLLER", "CONTROLLER:max_len" and "controller(option,…)".
func parseController(arg argument) (Action, error) {
	var o ControllerOptions
	if arg.sep != '(' {
		if arg.value == "" {
			return Controller(o), nil
		}
		n, err := parseUint(arg.value, 16)
		return output(PortController, uint16(n)), err
	}
	maxLen := uint64(wholePacket)
	err := arg.each(func(arg argument) (err error) {
		var v uint64
		switch arg.key {
		case "max_len":
			maxLen, err = parseUint(arg.value, 16)
		case "id":
			v, err = parseUint(arg.value, 16)
			o.ID = uint16(v)
		case "reason":
			o.Reason, err = parseReason(arg.value)
		case "userdata":
			o.UserData, err = parseDotted(arg.value)
		case "pause":
			o.Pause = true
		case "meter_id":
			v, err = parseUint(arg.value, 32)
			o.Meter = uint32(v)
		default:
			err = errArgument
		}
		return err
	})
	a := Controller(o)
	if o.MaxLen = uint16(maxLen); o.MaxLen != 0 {
		a = Controller(o)
	}
	return a, err
}

func parseReason(s string) (Reason, error) {
	for i, r := range reasons {
		if r.name == s {
			return Reason(i), nil
		}
	}
	return 0, fmt.Errorf("%q: %w", s, errReason)
}
