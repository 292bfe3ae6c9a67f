// Package swconn keeps one OpenFlow 1.5 connection to a switch: it dials, says hello, asks for the features, answers and
// sends echo requests, hands over what the switch says in order, and dials again when the connection is lost.
//
// A Conn is made by New and works while Run runs. Its life, as its owner sees it on Events, is a row of attempts, each with a
// session number of its own:
//
//	          ┌──────────────── Retry ────────────────┐
//	          ▼                                       │
//	dial ──▶ hello ──▶ features ──▶ Up ──▶ Message* ──▶ Down
//	 └─────────┴──────────┴───────────────────────────▲
//
// One goroutine reads, one writes, one watches that the switch is alive, one waits for the owner's wish to begin anew, and
// one hands events to the owner. Of netrack/openflow's decoders only the framing is used: the others write to globals, and
// so must not run in two sessions at once.
//
// Whoever reads Events slowly slows down the reading from the switch, and nothing else: our own echo requests go on, so that
// the switch does not take us for dead.
//
// Nothing here knows about flows. What to do with a new session (adopt what is in the switch) is the work of package apply.
package swconn
