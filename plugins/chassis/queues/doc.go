// Package queues is the duty to keep the queues that shape what logical ports send to physical networks: options qos_max_rate,
// qos_min_rate and qos_burst of a Port_Binding (ovn-nb(5), Logical_Switch_Port, Options for localnet and VIF ports). ovn-northd gives each
// such port a number, options:qdisc_queue_id, and makes logical flows that put its packets into the queue of that number.
//
// A queue is there on each interface with external_ids:ovn-egress-iface=true that is on the bridge of a localnet port's network. All of
// these share one QoS row, which says external_ids:ovn_qos=true, and each Queue says in ovn_port whose it is: so OVN from 23.06 on calls
// them. ovn-controller 23.03 makes the same queues past Open vSwitch, by tc(8), and has a QoS row of type linux-noop keep ovs-vswitchd's
// hands off; such a row is replaced. Any other QoS is somebody's own, and is left alone. Two things differ from 23.03: what is in no queue is
// in queue 0, which ovs-vswitchd makes, and a device below a tunnel that is no port of Open vSwitch has no queues.
//
// What is looked at anew is a queue by its number, or a port by its UUID; all are only when the QoS row or the bridges are others.
package queues
