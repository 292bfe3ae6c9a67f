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
	MaxFlows     int         // no limit if 0

	Patience time.Duration // how long to wait for what must come; 20 s if 0
}

func (o Options) withDefaults() Options {
	o.Owner = cmp.Or(o.Owner, "test")
	o.Bridge = cmp.Or(o.Bridge, "br-test")
	o.Patience = cmp.Or(o.Patience, 20*time.Second)
	return o
}

func (o Options) spec() table.OwnerSpec {
	return table.OwnerSpec{
		Name: o.Owner, Slot: o.Slot, Expected: true, MaxFlows: o.MaxFlows,
		Tables:       ranges(o.Tables, flow.MaxTable),
		Priorities:   ranges[flow.Priority](o.Priorities, 65535),
		Conjunctions: ranges[uint32](o.Conjunctions, 1<<32-1),
	}
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
