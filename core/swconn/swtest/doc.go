// Package swtest is an OpenFlow 1.5 switch in memory: for tests, for "flowhost dev", for replaying what went wrong.
//
// A Switch speaks the real protocol over net.Pipe: give its Dial to a swconn.Config. It has a flow table, takes ordered and
// atomic bundles, and answers as ovs-vswitchd 3.1 does, including its two stages of errors and the form in which it shows
// matches (registers as 64-bit ones). It forwards no packets.
//
// A test looks at what a Switch holds (Flows), at what it was sent (Log), and lets it do what switches do to their
// controllers: refuse (Refuse), break connections (Cut), and hold flows that somebody else put there (Put, Delete).
package swtest
