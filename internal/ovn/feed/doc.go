// Package feed is the life of an OVN source: it follows the local Open_vSwitch database and the southbound database that is named
// there, feeds what changes to a Maker, and tells the host what the Maker makes of it. When one of the databases is not there, it waits,
// says so in its status, and leaves all flows as they are; SyncDone is said when everything is known: when both databases are there, what
// is wanted of them is what follows from what is known, and all of that has come. Until then marks wait, too.
//
// A Maker is pure and belongs to the goroutine that Run is called in. What others want to know of it, they Ask.
package feed
