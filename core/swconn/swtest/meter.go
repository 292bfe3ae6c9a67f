package swtest

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/flowhost/flowhost/core/openflow"
)

// meterMod does a meter mod. Meters are in no bundle.
func (c *conn) meterMod(msg []byte) *openflow.Error {
	m, err := openflow.ParseMeterMod(msg)
	if err != nil {
		return named("OFPBRC_BAD_LEN")
	}
	if refused := checkMeter(&m); refused != nil {
		return refused
	}
	t := c.sw.begin(c)
	before := c.sw.meters[m.ID]
	shown := &openflow.Meter{ID: m.ID, Flags: m.Flags, Bands: shownBands(m.Flags, m.Bands)}
	switch {
	case m.Command == openflow.MeterAdd && before != nil:
		return named("OFPMMFC_METER_EXISTS")
	case m.Command == openflow.MeterModify && before == nil:
		return named("OFPMMFC_UNKNOWN_METER")
	case m.Command == openflow.MeterDelete:
		t.removeMeter(m.ID)
	default:
		c.sw.meters[m.ID] = shown
		c.sw.log.MeterMods++
	}
	t.end()
	c.sw.forward(c, forwardMeter(m.XID, m.Command, shown)) // after the flows that went with it
	return nil
}

// removeMeter removes a meter, or openflow.MeterAll, and the flows that name it.
func (t *tx) removeMeter(id uint32) {
	for _, m := range t.sw.meters {
		if id == m.ID || id == openflow.MeterAll {
			delete(t.sw.meters, m.ID)
			t.sw.log.MeterMods++
			t.removeAll(openflow.RemovedWithMeter, func(e *entry) bool { return slices.Contains(e.names.meters, m.ID) })
		}
	}
}

// checkMeter refuses what Open vSwitch's userspace datapath refuses.
func checkMeter(m *openflow.MeterMod) *openflow.Error {
	const units = openflow.MeterKbps | openflow.MeterPktps
	switch {
	case m.Command > openflow.MeterDelete:
		return named("OFPMMFC_BAD_COMMAND")
	case m.Command == openflow.MeterDelete:
		return nil
	case m.ID == 0 || m.ID > 0xffff0000:
		return named("OFPMMFC_INVALID_METER")
	case m.Flags&units == units:
		return named("OFPMMFC_BAD_FLAGS")
	case len(m.Bands) == 0:
		return named("OFPMMFC_OUT_OF_BANDS")
	}
	for band, err := range openflow.MeterBands(m.Bands) {
		if err != nil || band.Type != openflow.MeterBandDrop {
			return named("OFPMMFC_BAD_BAND")
		}
	}
	return nil
}

// shownBands returns bands as Open vSwitch shows them: the burst of a meter without bursts is its rate.
func shownBands(flags openflow.MeterFlags, bands []byte) []byte {
	if flags&openflow.MeterBurst != 0 {
		return bytes.Clone(bands)
	}
	var shown []byte
	for band := range openflow.MeterBands(bands) {
		band.Burst = band.Rate
		shown = openflow.AppendMeterBand(shown, band)
	}
	return shown
}

// meterDescs answers a request for one meter or all of them.
func (c *conn) meterDescs(xid, id uint32) {
	p := c.parts(xid, openflow.MultipartMeterDesc)
	for _, m := range c.sw.meters {
		if id == openflow.MeterAll || id == m.ID {
			p.add(openflow.AppendMeterDesc(nil, m))
		}
	}
	p.end()
}

// PutMeter adds a meter, or replaces it, as another controller would.
func (s *Switch) PutMeter(m openflow.Meter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	cmd := openflow.MeterModify
	if s.meters[m.ID] == nil {
		cmd = openflow.MeterAdd
	}
	m.Bands = shownBands(m.Flags, m.Bands)
	s.meters[m.ID] = &m
	s.forward(nil, forwardMeter(0, cmd, &m))
}

// DeleteMeter deletes a meter, if it is there, or openflow.MeterAll, and the flows that name it, as another controller would.
func (s *Switch) DeleteMeter(id uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.begin(nil)
	t.removeMeter(id)
	t.end()
	s.forward(nil, forwardMeter(0, openflow.MeterDelete, &openflow.Meter{ID: id}))
}

// Meters returns the meters of the switch, sorted by id.
func (s *Switch) Meters() []openflow.Meter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sorted(s.meters, func(a, b openflow.Meter) int { return cmp.Compare(a.ID, b.ID) })
}
