// Package patches is the duty to keep a pair of patch ports between the integration bridge and the bridge of a physical network for each
// port of a logical network that leads there: localnet ports of local datapaths, and l2gateway ports that are bound here
// (ovn-controller's patch.c).
//
// A Port says in external_ids which logical port it is for. Those that say so of no logical port that needs one go; a patch port that
// says nothing, but has the right peer, is taken for one, and is not touched. When a network moves to another bridge its ports move in one
// transaction (ovn-controller 23.03 is refused that, and makes no patch ports from then on).
//
// What is looked at anew is a logical port, by its name: when its row, its datapath's being local, or one of its ports has changed. All
// are looked at when the bridges of the networks are others.
package patches
