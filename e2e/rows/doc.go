// Package rows compares what flowhost writes into the databases with what ovn-controller writes: row for row, column for column.
//
// A [Side] is one program, alone on a node: an Open vSwitch of its own, and an OVN of its own with the same logical network. Both get the
// commands of a scenario (see parity.Scenario), and what their databases hold then is compared by [Compare]. Nothing is forgiven but
// what is free: a row is called by its name instead of its UUID, also where another row points to it; of times and numbers that anybody
// may choose, it counts only whether they are there ([Read] says which). Differences that are meant stand in known.txt, each with its reason.
package rows
