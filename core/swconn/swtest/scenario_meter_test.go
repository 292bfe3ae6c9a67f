package swtest_test

import (
	"fmt"
	"testing"

	"github.com/flowhost/flowhost/core/openflow"
)

// meter3 drops what is above a rate in kbit/s.
func meter3(rate uint32) *openflow.Meter {
	return &openflow.Meter{ID: 3, Flags: openflow.MeterKbps, Bands: drop(rate)}
}

func drop(rate uint32) []byte {
	return openflow.AppendMeterBand(nil, openflow.MeterBand{Type: openflow.MeterBandDrop, Rate: rate})
}

func meterText(m *openflow.Meter, err error) string {
	text := fmt.Sprintf("meter %d flags %d", m.ID, m.Flags)
	for b, err := range openflow.MeterBands(m.Bands) {
		if err != nil {
			return err.Error()
		}
		text += fmt.Sprintf(" %d/%d", b.Rate, b.Burst)
	}
	if err != nil {
		return err.Error()
	}
	return text
}

func meters(t *testing.T, c *controller) {
	dump := openflow.AppendMeterDescRequest(nil, 9, openflow.MeterAll)
	burst := &openflow.Meter{ID: 4, Flags: openflow.MeterPktps | openflow.MeterBurst | openflow.MeterStats,
		Bands: openflow.AppendMeterBand(nil, openflow.MeterBand{Type: openflow.MeterBandDrop, Rate: 10, Burst: 20})}
	c.expect(openflow.AppendMeterMod(openflow.AppendMeterMod(nil, 1, openflow.MeterAdd, meter3(10)), 2, openflow.MeterAdd, burst))
	c.expect(dump, "9: [meter 3 flags 1 10/10 meter 4 flags 14 10/20]")
	c.expect(openflow.AppendMeterDescRequest(nil, 9, 4), "9: [meter 4 flags 14 10/20]")

	through := flowOf(9, reg(1, 1), throughMeter, 1)
	c.expect(openflow.AppendFlowAdd(openflow.AppendMeterMod(nil, 3, openflow.MeterModify, meter3(30)), 4, &through))
	c.expect(dump, "9: [meter 3 flags 1 30/30 meter 4 flags 14 10/20]")
	c.holds(9, through)

	// With a meter go the flows that name it.
	c.expect(openflow.AppendMeterDelete(openflow.AppendMeterDelete(nil, 5, 3), 6, 77))
	c.expect(dump, "9: [meter 4 flags 14 10/20]")
	c.holds(9)
}

func metersRefused(t *testing.T, c *controller) {
	remark := openflow.AppendMeterBand(nil, openflow.MeterBand{Type: openflow.MeterBandDSCP, Rate: 10, Level: 1})
	b := openflow.AppendMeterMod(nil, 1, openflow.MeterAdd, meter3(10))
	b = openflow.AppendMeterMod(b, 2, openflow.MeterAdd, meter3(10))
	b = openflow.AppendMeterMod(b, 3, openflow.MeterModify, &openflow.Meter{ID: 5, Flags: openflow.MeterKbps, Bands: drop(1)})
	b = openflow.AppendMeterMod(b, 4, openflow.MeterAdd, &openflow.Meter{ID: 5, Flags: openflow.MeterKbps, Bands: remark})
	b = openflow.AppendMeterMod(b, 5, openflow.MeterAdd, &openflow.Meter{Flags: openflow.MeterKbps, Bands: drop(1)})
	b = openflow.AppendMeterMod(b, 6, openflow.MeterAdd, &openflow.Meter{ID: 5, Flags: openflow.MeterKbps | openflow.MeterPktps, Bands: drop(1)})
	b = openflow.AppendMeterMod(b, 7, 9, meter3(10))
	b = openflow.AppendMeterMod(b, 8, openflow.MeterAdd, &openflow.Meter{ID: 5, Flags: openflow.MeterKbps})
	c.expect(b,
		"2: OFPMMFC_METER_EXISTS of OFPT_METER_MOD 2",
		"3: OFPMMFC_UNKNOWN_METER of OFPT_METER_MOD 3",
		"4: OFPMMFC_BAD_BAND of OFPT_METER_MOD 4",
		"5: OFPMMFC_INVALID_METER of OFPT_METER_MOD 5",
		"6: OFPMMFC_BAD_FLAGS of OFPT_METER_MOD 6",
		"7: OFPMMFC_BAD_COMMAND of OFPT_METER_MOD 7",
		"8: OFPMMFC_OUT_OF_BANDS of OFPT_METER_MOD 8")
}

// metersInBundles: no bundle takes a meter mod, and a flow with a missing meter fails at the commit.
func metersInBundles(t *testing.T, c *controller) {
	b := openflow.AppendBundleOpen(nil, 1, 1, openflow.BundleOrdered)
	b, mark := openflow.BeginBundleAdd(b, 2, 1, openflow.BundleOrdered)
	b = openflow.EndBundleAdd(openflow.AppendMeterMod(b, 2, openflow.MeterAdd, meter3(10)), mark)
	b = bundled(b, 3, 1, openflow.BundleOrdered, flowOf(9, reg(1, 1), throughMeter, 1))
	b = openflow.AppendBundleCommit(b, 4, 1, openflow.BundleOrdered)
	c.expect(b,
		"1: bundle 1 reply 1",
		"2: OFPBFC_MSG_UNSUP of OFPT_METER_MOD 2",
		"3: OFPMMFC_INVALID_METER of OFPT_FLOW_MOD 3",
		"4: OFPBFC_MSG_FAILED of OFPT_BUNDLE_CONTROL 4")
	c.holds(9)
}
