// Package tunnels is the duty to keep a tunnel port on the integration bridge for each address of each other chassis, and BFD on those to
// the chassis that this one shares gateways with (ovn-controller's encaps.c and bfd.c).
//
// A Port says in external_ids:ovn-chassis-id, CHASSIS@IP, which tunnel it is. One that is there already is adopted, whoever has made it,
// and one whose options have changed is updated in its place, so that no packet is lost by either.
//
// What is looked at anew is a chassis, by its name: when its row, one of its encapsulations, one of its ports or a group it shares has
// changed. All are looked at only when something changes that all depend on (common).
package tunnels
