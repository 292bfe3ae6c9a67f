// Package fault tests that what dies around packets does not lose them: pings run between workloads while daemons are killed, links cut,
// disks filled and clocks set, on a node of flowhost's and on one of ovn-controller's, and what each loses is printed.
package fault
