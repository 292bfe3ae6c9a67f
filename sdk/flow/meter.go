package flow

import (
	"errors"
	"strconv"
	"strings"
)

// MeterID names a meter of the switch, 1 to 0xffff0000.
type MeterID uint32

// maxMeter is the highest meter there can be (OFPM_MAX).
const maxMeter = 0xffff0000

// MeterFlags say how a meter measures (OpenFlow 1.5 §7.3.4.4).
type MeterFlags uint16

// The flags of a meter. It has exactly one of the first two.
const (
	MeterKbps  MeterFlags = 1 << iota // rates are in kilobits per second
	MeterPktps                        // rates are in packets per second
	MeterBurst                        // bands have a burst size
	MeterStats                        // count
)

var meterFlagNames = []string{"kbps", "pktps", "burst", "stats"}

// Meter is a meter in canonical form. It is immutable, and comparable with ==.
type Meter struct {
	ID    MeterID
	Flags MeterFlags
	Bands string // a list of ofp_meter_band_header (OpenFlow 1.5 §7.3.4.4)
}

// Band says what happens to packets above a rate.
type Band struct {
	Type      BandType
	Rate      uint32 // at least 1
	Burst     uint32 // 0 means the rate
	PrecLevel uint8  // of BandDSCPRemark: how much the drop precedence rises
}

// BandType is what a band does.
type BandType uint16

// The types of bands. Whether the switch has the second depends on its datapath: that of Open vSwitch 3.1 has not.
const (
	BandDrop       BandType = 1
	BandDSCPRemark BandType = 2
)

// bandLen is the length of a band: type(2) length(2) rate(4) burst_size(4) prec_level(1) pad(3).
const bandLen = 16

var (
	errMeterID    = errors.New("a meter has an id of 1 to 0xffff0000")
	errMeterFlags = errors.New("a meter counts either kbps or pktps; other flags are burst and stats")
	errBand       = errors.New("a meter has bands of type drop or dscp_remark, with a rate")
)

// NewMeter makes a canonical meter. The error is an *Error that Is ErrMeter.
func NewMeter(id MeterID, flags MeterFlags, bands ...Band) (Meter, error) {
	fail := func(offset int, err error) (Meter, error) {
		return Meter{}, &Error{Kind: ErrMeter, Offset: offset, Err: err}
	}
	if id == 0 || id > maxMeter {
		return fail(-1, errMeterID)
	}
	if unit := flags & (MeterKbps | MeterPktps); unit != MeterKbps && unit != MeterPktps || flags >= MeterStats<<1 {
		return fail(-1, errMeterFlags)
	}
	if len(bands) == 0 || len(bands) > maxActions/bandLen {
		return fail(-1, errBand)
	}
	b := make([]byte, 0, bandLen*len(bands))
	for _, band := range bands {
		if band.Rate == 0 || band.Type != BandDrop && band.Type != BandDSCPRemark {
			return fail(len(b), errBand)
		}
		if band.Burst == 0 {
			band.Burst = band.Rate
		}
		if band.Type == BandDrop {
			band.PrecLevel = 0
		}
		b = appendUint(b, uint64(band.Type)<<48|bandLen<<32|uint64(band.Rate), 8)
		b = appendUint(b, uint64(band.Burst)<<32|uint64(band.PrecLevel)<<24, 8)
	}
	return Meter{id, flags, string(b)}, nil
}

// CanonicalMeter makes the canonical form of a meter as a message has it. It keeps nothing of bands. The error is an *Error that Is
// ErrMeter.
func CanonicalMeter(id MeterID, flags MeterFlags, bands []byte) (Meter, error) {
	list, err := readBands(string(bands))
	if err != nil {
		return Meter{}, err
	}
	return NewMeter(id, flags, list...)
}

func readBands(s string) ([]Band, error) {
	var list []Band
	for off := 0; off < len(s); off += bandLen {
		if len(s)-off < bandLen || be16(s, off+2) != bandLen {
			return nil, &Error{Kind: ErrMeter, Offset: off, Err: errLength}
		}
		list = append(list, Band{BandType(be16(s, off)), be32(s, off+4), be32(s, off+8), s[off+12]})
	}
	return list, nil
}

// IsCanonical says whether the meter is in canonical form, and with that whether it is valid.
func (m Meter) IsCanonical() bool {
	c, err := CanonicalMeter(m.ID, m.Flags, []byte(m.Bands))
	return err == nil && c == m
}

// String is the meter as ovs-ofctl dump-meters prints it: several lines, the last without its end. What is not canonical is
// printed in hexadecimal.
func (m Meter) String() string {
	b := strconv.AppendUint([]byte("meter="), uint64(m.ID), 10)
	if !m.IsCanonical() {
		return string(appendLongHex(append(b, " unknown "...), m.Bands))
	}
	for i, name := range meterFlagNames {
		if m.Flags&(1<<i) != 0 {
			b = append(append(b, ' '), name...)
		}
	}
	b = append(b, " bands="...)
	list, _ := readBands(m.Bands)
	for _, band := range list {
		b = append(b, "\ntype=drop rate="...)
		if band.Type == BandDSCPRemark {
			b = append(b[:len(b)-len("drop rate=")], "dscp_remark rate="...)
		}
		b = strconv.AppendUint(b, uint64(band.Rate), 10)
		if m.Flags&MeterBurst != 0 {
			b = strconv.AppendUint(append(b, " burst_size="...), uint64(band.Burst), 10)
		}
		if band.Type == BandDSCPRemark {
			b = strconv.AppendUint(append(b, " prec_level="...), uint64(band.PrecLevel), 10)
		}
	}
	return string(b)
}

// ParseMeter reads one meter as ovs-ofctl add-meter takes it and dump-meters prints it. The error is an *Error that Is ErrSyntax, or
// ErrMeter.
func ParseMeter(text string) (Meter, error) {
	var (
		id    MeterID
		flags MeterFlags
		bands []Band
	)
	for l := (lexer{text: text}); ; {
		arg, ok, err := l.next()
		if err != nil {
			return Meter{}, err
		}
		if !ok {
			break
		}
		var v uint64
		switch flag := flagIndex(arg.key, meterFlagNames); {
		case flag >= 0 && arg.sep == 0:
			flags |= 1 << flag
		case arg.key == "meter":
			v, err = parseUint(arg.value, 32)
			id = MeterID(v)
		case arg.key == "band" || arg.key == "bands":
			if kind, ok := strings.CutPrefix(arg.value, "type="); ok {
				bands, err = addBand(bands, kind)
			}
		case arg.key == "type":
			bands, err = addBand(bands, arg.value)
		default:
			err = parseBand(bands, arg)
		}
		if err != nil {
			return Meter{}, syntaxError(arg.key, arg.offset, err)
		}
	}
	m, err := NewMeter(id, flags, bands...)
	if err != nil {
		return Meter{}, syntaxError("", 0, err)
	}
	return m, nil
}

func addBand(bands []Band, kind string) ([]Band, error) {
	switch kind {
	case "drop":
		return append(bands, Band{Type: BandDrop}), nil
	case "dscp_remark":
		return append(bands, Band{Type: BandDSCPRemark}), nil
	}
	return bands, errBand
}

// parseBand reads what a band says behind its type.
func parseBand(bands []Band, arg argument) error {
	if len(bands) == 0 {
		return errArgument
	}
	b := &bands[len(bands)-1]
	v, err := parseUint(arg.value, 32)
	switch arg.key {
	case "rate":
		b.Rate = uint32(v)
	case "burst_size":
		b.Burst = uint32(v)
	case "prec_level":
		if v > 0xff {
			return errRange
		}
		b.PrecLevel = uint8(v)
	default:
		return errArgument
	}
	return err
}
