// Package portsecurity makes the flows that port security of a logical port becomes: the column port_security of Port_Binding, which says
// what addresses the port may send from and gets packets for (ovn-nb(5), Logical_Switch_Port).
//
// OVN's logical flows ask these tables with check_in_port_sec() and check_out_port_sec(): each sets a bit of the flags to whether the
// packet violates port security. Ports without it have no flows here, and violate nothing.
package portsecurity
