//go:build race

package vectors

// everyNth is which of the exhaustive expressions are compiled; all are counted. With the race detector, which takes ten times as
// long and looks for something that a test in one goroutine does not have, it is one in some.
const everyNth = 20
