//go:build !race

package vectors

// everyNth is which of the exhaustive expressions are compiled: all of them.
const everyNth = 1
