// Package address reads the addresses in columns of the southbound database that have them as text: port security of ports, and options
// of load balancers.
package address
