// Package table keeps every flow that anybody wants, decides which of them the switch should hold, and says what must be
// sent so that it does.
//
// It is pure: calls in, changes out. There is no goroutine, socket, clock or logger inside; time is an argument. One
// goroutine owns a Table, with one exception: Prepare may be called from anywhere once all owners are added.
//
// # Life cycle
//
//	t := table.New(table.Options{})
//	lflow, err := t.AddOwner(table.OwnerSpec{Name: "lflow", …})      // every configured owner, once, at the start
//
//	t.OptionAt(index, named)                                         // at each connect: where OVN's Geneve option is
//	t.AdoptBegin()                                                   // then: take over what the switch holds
//	t.AdoptFlows(dump)                                               // as often as needed
//	t.AdoptDone(now)
//
//	t.SyncBegin(lflow, now)                                          // a session starts
//	err = t.Prepare(txn); rev, err := t.Commit(txn, now)             // any number of transactions
//	t.SyncDone(lflow, now)                                           // what was not mentioned goes
//
//	for changes := t.Diff(max); len(changes) > 0; … {                // send them, and for each answer:
//		t.Confirm(change, now)                                   //   or t.Reject(change, why, now)
//	}
//	t.Disconnected()                                                 // the connection is lost; next is AdoptBegin
//
// After each of these calls Events has what owners must hear, and Tick says when to call next although nothing happened.
// Changes of an atomic transaction come from DiffAtomic, and are refused together with RejectAtomic. Between dumps,
// Observed and ObservedGone take in what a flow monitor reports, and PortGone that a port number is free.
//
// # Two sides
//
// The desired side is what owners want. It has two indexes: (owner, UUID) to its flows, and key to entry; an entry holds
// all contenders for its key. The installed side is what the switch has confirmed for the key. Diff is the difference,
// computed for entries that were touched, never for the whole table. An error of the switch never changes the desired
// side.
//
// # Warning
//
// SyncDone deletes. A source that says it before it has said everything it wants deletes live traffic.
package table
