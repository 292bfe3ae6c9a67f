// Package sdk is what a flow source is written with: a program that wants flows in the bridge whose tables a flowhost daemon
// owns. This is the way from nothing to a source that is installed, in five minutes.
//
// # Say what you want
//
// A source is a function. It gets the host, and pushes transactions; each flow belongs to a UUID of the source's choosing, the
// id of the thing that the flow was made from, so that what followed from a thing can be replaced or removed in one call:
//
//	func blackhole(ctx context.Context, h *sdk.Host) error {
//		f, err := flow.ParseFlow("table=0,priority=900,ip,nw_dst=192.0.2.1 actions=drop")
//		if err != nil {
//			return err
//		}
//		txn := h.Begin()
//		txn.Set(uuid.NewSHA1(uuid.NameSpaceOID, []byte("192.0.2.1")), f)
//		if _, err := txn.Commit(ctx); err != nil {
//			return err
//		}
//		_, err = h.SyncDone(ctx)
//		return err
//	}
//
//	func main() { sdk.Serve(sdk.Info{Name: "blackhole", Version: "1"}, blackhole) }
//
// Flows are built from text as above, from typed parts (flow.NewMatch, flow.NewActions) or from bytes, which all mean the same.
// Txn.Set, Add, Remove and RemoveFlow change what a UUID has; a source that knows at once everything it wants says so with
// Host.Replace, and need not remember what it said before. Make UUIDs from what they stand for, as above, so that
// they are the same after a restart.
//
// Groups and meters have ids, of which some are the source's own (Host.Ranges tells): Txn.SetGroup and
// SetMeter make them, and then its flows may name them. Txn.FlushCT forgets the connections of a conntrack zone. A transaction that the
// switch is to take as a whole or not at all is made so with Txn.Atomic.
//
// Where one source has to know how far another is, that one says so with Txn.Mark, and who wants to know watches it with Host.Watch: it
// hears of the mark when all that was said up to it is in the switch.
//
// A source that has its flows send packets to a controller (flow.Controller) hears them on Host.PacketIns, and sends packets with
// Host.PacketOut; one that waits goes on with Host.Resume. They do not wait for transactions.
//
// # Try it
//
// Package sdktest runs the function in a test, against a host in memory and without a switch; see the example below. Its
// Conformance checks the finished binary. `flowhost dev -- ./blackhole` runs it on a switch in memory and prints the flows; under a
// debugger, start it with -debug, and `flowhost dev --attach` with the socket that it prints.
//
// # Install it
//
// The operator names the binary in the host's configuration, with the tables it may write:
//
//	plugins:
//	  - name: blackhole
//	    path: /usr/local/bin/flowhost-plugin-blackhole
//	    tables: [0]        # ids of groups, meters and conjunctions follow from the owner's slot unless they are given here
//
// What the configuration does not allow is rejected with an error that Is ErrFenced or ErrQuota, nothing of the transaction
// having been done. What the switch refuses comes back as an error that Is ErrRefused from CommitAndWait, and as the event Refused.
//
// # Life
//
// A session lasts as long as the process and its host. It begins with a sync: what the source had in the switch from an earlier
// process stays there, stale, while the source says again what it wants, in as many transactions as it likes and in any
// order; what it says unchanged is not touched. With Host.SyncDone it has said everything, and what is still stale is deleted. A
// source that cannot know all it wants yet, because its database is away, does not say SyncDone. Before it, do
// not wait for the switch (Txn.Atomic, CommitAndWait): when the host has connected anew, what is there is changed after SyncDone only.
//
// When the process dies or run returns an error, it is started again, and its flows stay meanwhile. So an error that a source
// cannot mend is returned, not worked around.
//
// Tell the operator with Host.Status what you are waiting for, and log with Host.Logger; log and slog lead there, too.
//
// # Warnings
//
// SyncDone and Replace are the calls that delete: said early, they delete live traffic's flows.
//
// Standard output belongs to the handshake with the host. Something printed there before Serve is called, by a package's init for
// example, makes the start fail; the host's log then shows what was printed.
//
// A source that takes Host.Events has to read them.
package sdk
