package openflow

import (
	"encoding/binary"
	"iter"
)

// MeterCommand is what a meter mod does (§7.3.4.4, enum ofp_meter_mod_command).
type MeterCommand uint16

// The commands of a meter mod.
const (
	MeterAdd    MeterCommand = 0
	MeterModify MeterCommand = 1
	MeterDelete MeterCommand = 2 // no error if there is none
)

// MeterFlags say how a meter measures.
type MeterFlags uint16

// The flags of a meter.
const (
	MeterKbps  MeterFlags = 1 << 0 // rates are in kilobits per second
	MeterPktps MeterFlags = 1 << 1 // rates are in packets per second
	MeterBurst MeterFlags = 1 << 2 // bands have a burst size
	MeterStats MeterFlags = 1 << 3 // count
)

// MeterAll, as the id of a meter, means all meters (OFPM_ALL). Flowhost asks for all meters, and never deletes all.
const MeterAll uint32 = 0xffffffff

// A Meter is a meter as it is sent and as it is dumped. Bands is in wire form: a list of ofp_meter_band_header, see
// MeterBands. Of a dump it points into the message.
type Meter struct {
	ID    uint32
	Flags MeterFlags
	Bands []byte
}

// meterModLen is the length of a meter mod without bands:
//
//	header | command u16 | flags u16 | meter u32 | bands
const meterModLen = 16

// AppendMeterMod appends a meter mod that adds m or modifies it. Open vSwitch takes no meter mod in a bundle.
func AppendMeterMod(b []byte, xid uint32, cmd MeterCommand, m *Meter) []byte {
	b, start := begin(b, TypeMeterMod, xid)
	b = binary.BigEndian.AppendUint16(b, uint16(cmd))
	b = binary.BigEndian.AppendUint16(b, uint16(m.Flags))
	b = binary.BigEndian.AppendUint32(b, m.ID)
	return end(append(b, m.Bands...), start)
}

// AppendMeterDelete appends a meter mod that deletes a meter. The switch deletes every flow that names it, whosever that is.
func AppendMeterDelete(b []byte, xid uint32, id uint32) []byte {
	return AppendMeterMod(b, xid, MeterDelete, &Meter{ID: id})
}

// A MeterMod is a decoded meter mod. Its slices point into the message.
type MeterMod struct {
	XID     uint32
	Command MeterCommand
	Meter
}

// ParseMeterMod decodes a meter mod.
func ParseMeterMod(msg []byte) (MeterMod, error) {
	h, err := checkMessage(msg, "meter mod", TypeMeterMod, meterModLen)
	if err != nil {
		return MeterMod{}, err
	}
	return MeterMod{
		XID:     h.XID,
		Command: MeterCommand(binary.BigEndian.Uint16(msg[8:])),
		Meter: Meter{
			ID:    binary.BigEndian.Uint32(msg[12:]),
			Flags: MeterFlags(binary.BigEndian.Uint16(msg[10:])),
			Bands: msg[meterModLen:],
		},
	}, nil
}

// AppendMeterDescRequest appends a request for the description of a meter, or of MeterAll (§7.3.5.13).
func AppendMeterDescRequest(b []byte, xid uint32, id uint32) []byte {
	b, start := beginMultipart(b, TypeMultipartRequest, xid, MultipartMeterDesc, false)
	b = binary.BigEndian.AppendUint32(b, id)
	return end(append(b, 0, 0, 0, 0), start)
}

// meterDescLen is the length of the fixed part of an ofp_meter_desc:
//
//	length u16 | flags u16 | meter u32 | bands
const meterDescLen = 8

// MeterDescs goes through the meters in one message of a meter description reply. If the message is malformed, the last
// pair has an error that Is ErrMessage.
func MeterDescs(msg []byte) iter.Seq2[Meter, error] {
	return entries(msg, "meter description", MultipartMeterDesc, (*walker).meterDesc)
}

// meterDesc takes one ofp_meter_desc.
func (w *walker) meterDesc() (Meter, error) {
	in, err := w.entry(meterDescLen)
	if err != nil {
		return Meter{}, err
	}
	b := in.msg[in.off:in.end:in.end]
	return Meter{
		ID:    binary.BigEndian.Uint32(b[4:]),
		Flags: MeterFlags(binary.BigEndian.Uint16(b[2:])),
		Bands: b[meterDescLen:],
	}, nil
}

// AppendMeterDesc appends one meter to a meter description reply (BeginMultipartReply).
func AppendMeterDesc(b []byte, m *Meter) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(meterDescLen+len(m.Bands)))
	b = binary.BigEndian.AppendUint16(b, uint16(m.Flags))
	b = binary.BigEndian.AppendUint32(b, m.ID)
	return append(b, m.Bands...)
}

// A MeterBand is one band of a meter.
type MeterBand struct {
	Type  uint16 // MeterBandDrop, MeterBandDSCP
	Rate  uint32 // kbit/s or packets/s, as the meter's flags say
	Burst uint32 // kbit or packets, the same; of a meter without MeterBurst Open vSwitch makes it Rate
	Level uint8  // of MeterBandDSCP: by how much the drop precedence is raised
}

// The types of meter bands. Open vSwitch's datapaths have drop only.
const (
	MeterBandDrop uint16 = 1
	MeterBandDSCP uint16 = 2
)

// meterBandLen is the length of a meter band:
//
//	type u16 | length u16 | rate u32 | burst u32 | level u8, or pad | pad[3]
const meterBandLen = 16

// MeterBands goes through the bands of a meter. If they are malformed, the last pair has an error that Is ErrMessage.
func MeterBands(bands []byte) iter.Seq2[MeterBand, error] {
	return func(yield func(MeterBand, error) bool) {
		w := walker{msg: bands, end: len(bands), what: "meter band"}
		for w.left() > 0 {
			band, err := w.meterBand()
			if !yield(band, err) || err != nil {
				return
			}
		}
	}
}

// meterBand takes one ofp_meter_band_header and what is behind it.
func (w *walker) meterBand() (MeterBand, error) {
	n, err := w.uint16At(2)
	if err != nil {
		return MeterBand{}, err
	}
	if n < meterBandLen {
		return MeterBand{}, w.errorf("length %d is shorter than a band", n)
	}
	b, err := w.take(n)
	if err != nil {
		return MeterBand{}, err
	}
	return MeterBand{
		Type:  binary.BigEndian.Uint16(b),
		Rate:  binary.BigEndian.Uint32(b[4:]),
		Burst: binary.BigEndian.Uint32(b[8:]),
		Level: b[12],
	}, nil
}

// AppendMeterBand appends a meter band in wire form.
func AppendMeterBand(b []byte, band MeterBand) []byte {
	b = binary.BigEndian.AppendUint16(b, band.Type)
	b = append(b, 0, meterBandLen)
	b = binary.BigEndian.AppendUint32(b, band.Rate)
	b = binary.BigEndian.AppendUint32(b, band.Burst)
	return append(b, band.Level, 0, 0, 0)
}
