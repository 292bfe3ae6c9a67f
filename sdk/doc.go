// Package sdk is what a flow source is written with: a program that wants flows in the bridge that a flowhost daemon owns.
//
// A source is a process of its own, started and watched by the host. It calls Serve with a function that gets the Host, and
// from then on pushes transactions: each flow belongs to a UUID of the source's choosing, the id of the thing it was made from,
// so that "everything that followed from this row" can be replaced or removed in one call:
//
//	func main() { sdk.Serve(sdk.Info{Name: "blackhole", Version: "1"}, run) }
//
//	func run(ctx context.Context, h *sdk.Host) error {
//		f, err := flow.ParseFlow("table=0,priority=900,ip,nw_dst=192.0.2.1 actions=drop")
//		if err != nil {
//			return err
//		}
//		txn := h.Begin()
//		txn.Set(uuid.NewSHA1(uuid.Nil, []byte("192.0.2.1")), f)
//		if _, err := txn.Commit(ctx); err != nil {
//			return err
//		}
//		_, err = h.SyncDone(ctx)
//		return err
//	}
//
// # Life
//
// A session lasts as long as the process and its host. It begins with a sync: what the source had in the switch from an earlier
// process stays there, stale, while the source says again what it wants, in as many transactions as it likes and in any
// order; what it says unchanged is not touched. With Host.SyncDone it has said everything, and what is still stale is
// deleted. A source that cannot know all it wants yet, because its database is away, does not say SyncDone.
//
// When the source dies or returns an error from run, it is started again, and its flows stay meanwhile.
//
// # Warnings
//
// SyncDone is the command that deletes: said early, it deletes live traffic's flows.
//
// Standard output belongs to the handshake with the host. Something printed there before Serve is called makes the start fail;
// print nothing, and log through Host.Logger, log or slog.
package sdk
