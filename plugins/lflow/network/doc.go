// Package network knows what logical flows depend on beside their rows: sets, ports, multicast groups, meters, options, and what the
// chassis and its switch are like. It is the compiler's Network.
//
// A Network is fed with changed rows of both databases, and says after each batch, in Settle, which of its answers may have become
// different. It is pure. Answers may be asked for by several goroutines at a time; all else belongs to one.
package network
