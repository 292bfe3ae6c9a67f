// Package local works out what of a logical network is on this chassis: which logical datapaths are local, that is, need their
// flows in the switch here, and where the logical ports of those are found in registers.
//
// A datapath is local when a port of it is here, or when it is joined to one that is, by patch ports or by those of a gateway router that
// is here. What a port needs to be here is a rule for its type (claim.go). It does not depend on Port_Binding.chassis: nobody may have
// claimed anything.
//
// A State is fed with the changed rows of both databases, the southbound and the local Open_vSwitch, in batches, and says after
// each what has become different:
//
//	state := local.New("br-int")
//	for _, change := range batch.All() {
//		state.Change(change)
//	}
//	for _, name := range state.Settle().Ports {
//		location := state.Port(name)    // the zero Location: not here
//		…
//	}
//
// It is pure: no goroutine, socket or clock. The order of changes between two calls of Settle does not matter, but that a row of
// Open_vSwitch, which is the only one, goes before another comes; and Settle works in proportion to what has changed. It belongs to one
// goroutine.
//
// It also knows what else of a chassis flows depend on: tunnels, patch ports, HA chassis groups, conntrack zones. Each thing it knows is a
// Fact with a name; whoever remembers which facts something was made of can Watch for those that change.
//
// SouthboundTables and VswitchTables list the columns that it reads to know what is local, AllSouthboundTables and AllVswitchTables those
// for everything; others may be left out. It wants all rows of those tables.
package local
