package network

import (
	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/lflow/action"
	"github.com/flowhost/flowhost/plugins/lflow/compiler"
	"github.com/flowhost/flowhost/sdk/flow"
)

func (n *Network) setMeter(id uuid.UUID, old, new *sb.Meter) {
	if old != nil {
		for _, band := range old.Bands {
			if delete(n.usersOf[band], id); len(n.usersOf[band]) == 0 {
				delete(n.usersOf, band)
			}
		}
		n.touch(compiler.Meter, old.Name)
	}
	if new != nil {
		for _, band := range new.Bands {
			if n.usersOf[band] == nil {
				n.usersOf[band] = map[uuid.UUID]string{}
			}
			n.usersOf[band][id] = new.Name
		}
		n.touch(compiler.Meter, new.Name)
	}
}

func (n *Network) setBand(id uuid.UUID, new *sb.MeterBand) {
	if delete(n.bands, id.String()); new != nil {
		n.bands[id.String()] = new
	}
	for _, meter := range n.usersOf[id.String()] {
		n.touch(compiler.Meter, meter)
	}
}

// Meter says whether there is a meter of this name.
func (n *Network) Meter(name string) bool { return n.meters[name].row != nil }

// MeterOf makes the meter of a name with this id (ofctrl.c, update_ovs_meter). There is none when Meter does not know the name.
func (n *Network) MeterOf(id flow.MeterID, name string) (flow.Meter, error) {
	row := n.meters[name].row
	if row == nil {
		return flow.Meter{}, action.ErrNoMeter
	}
	flags := flow.MeterKbps | flow.MeterStats
	if row.Unit == sb.MeterUnitPktps {
		flags = flow.MeterPktps | flow.MeterStats
	}
	var bands []flow.Band
	for _, id := range row.Bands {
		if band := n.bands[id]; band != nil {
			if band.BurstSize > 0 {
				flags |= flow.MeterBurst
			}
			bands = append(bands, flow.Band{Type: flow.BandDrop, Rate: uint32(band.Rate), Burst: uint32(band.BurstSize)})
		}
	}
	return flow.NewMeter(id, flags, bands...)
}

func (n *Network) setCollector(old, new *vswitch.FlowSampleCollectorSet) {
	if old != nil {
		n.collectors[uint32(old.ID)]--
	}
	if new != nil {
		n.collectors[uint32(new.ID)]++
	}
	n.touch(compiler.Collector, "")
}

// Collector says whether there is a set of IPFIX collectors with this id.
func (n *Network) Collector(id uint32) bool { return n.collectors[id] > 0 }
