// Package controller has no code: its tests hold what the other packages make of logical flows, port security and load balancers against
// what a running ovn-controller 23.03 makes of them. Matches are random, such as no list of cases has.
package controller
