package sdktest

import (
	"cmp"
	"time"

	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/flow"
)

// Options are what an operator would configure. The zero value allows everything.
type Options struct {
	Owner        string      // the namespace; "test" if empty
	Bridge       string      // "br-test" if empty
	Slot         uint8       // top byte of the cookies
	Tables       []sdk.Range // all if nil
	Priorities   []sdk.Range // all if nil
	Conjunctions []sdk.Range // ids; all if nil
	Groups       []sdk.Range // ids; all if nil
	Meters       []sdk.Range // ids; all if nil
	Zones        []sdk.Range // conntrack zones that may be flushed; all if nil
	Controllers  []sdk.Range // ids of controllers whose packet-ins it may hear; all if nil
	UserData     []string    // what their user data may begin with; anything if nil
	PacketOut    []sdk.Range // tables that its packet-outs may go to; all if nil
	MaxFlows     int         // no limit if 0
	Rate         int         // transactions a second; no limit if 0
	Info         sdk.Info    // what the source gives to sdk.Serve; needed for Host.Describe and Host.Command only
	Others       []string    // owners that the source can watch; see Host.Mark

	Patience time.Duration // how long to wait for what must come; 20 s if 0
}

func (o Options) withDefaults() Options {
	o.Owner = cmp.Or(o.Owner, "test")
	o.Info.Name = cmp.Or(o.Info.Name, o.Owner)
	o.Info.Version = cmp.Or(o.Info.Version, "test")
	if o.UserData == nil {
		o.UserData = []string{""}
	}
	o.Bridge = cmp.Or(o.Bridge, "br-test")
	o.Patience = cmp.Or(o.Patience, 20*time.Second)
	return o
}

func (o Options) spec() table.OwnerSpec {
	return table.OwnerSpec{
		Name: o.Owner, Slot: o.Slot, Expected: true, MaxFlows: o.MaxFlows, Rate: o.Rate,
		Tables:       ranges(o.Tables, flow.MaxTable),
		Priorities:   ranges[flow.Priority](o.Priorities, 65535),
		Conjunctions: ranges[uint32](o.Conjunctions, 1<<32-1),
		Groups:       ranges[uint32](o.Groups, 0xffffff00), // OFPG_MAX
		Meters:       meters(o.Meters),
		Zones:        ranges[uint16](o.Zones, 1<<16-1),
		PacketIn:     table.PacketIns{Controllers: ranges[uint16](o.Controllers, 1<<16-1), UserData: o.UserData},
		PacketOut:    ranges(o.PacketOut, flow.MaxTable),
	}
}

// meters are those that there can be (up to OFPM_MAX) if none are given, so that a source can take the first of its own.
func meters(given []sdk.Range) []table.Range[uint32] {
	if given == nil {
		return []table.Range[uint32]{{First: 1, Last: 0xffff0000}}
	}
	return ranges[uint32](given, 0)
}

// ranges translates what is given; if nothing is, it is 0 to last.
func ranges[T ~uint8 | ~uint16 | ~uint32](given []sdk.Range, last T) []table.Range[T] {
	if given == nil {
		return []table.Range[T]{{First: 0, Last: last}}
	}
	list := make([]table.Range[T], len(given))
	for i, r := range given {
		list[i] = table.Range[T]{First: T(r.First), Last: T(r.Last)}
	}
	return list
}
