// Package dialect says in what OVN's versions differ, where flowhost's packages for logical flows have to know.
//
// A difference is a named field of one Dialect value, never a second copy of code. There are three values: OVN2303 and OVN2603
// do exactly what the ovn-controller of that version does, and parity is measured with them; Default speaks the language of
// OVN 23.03 and takes the better way wherever one is known. A Dialect is made once and not changed afterwards; it may then be
// read by any number of goroutines.
package dialect
