// Package bindings is the duty that makes logical ports this chassis' own: it claims Port_Bindings in the southbound database and releases
// them, and says when their flows are there, by Port_Binding.up and by ovn-installed of the Interface in the local Open_vSwitch database
// (ovn-controller's binding.c and if-status.c).
//
// Which ports are to be claimed is a rule of internal/ovn/local. Here is what follows for the columns. What a row should be is worked out
// from what is known alone, row by row, whenever something that the answer depends on has changed; what is remembered besides is only
// when it was last written, so that two who want the same port do not fight without pause.
//
// It departs from ovn-controller 23.03 in rows that that leaves half done:
//   - a port that is released is not up, and its interface not ovn-installed; ovn-controller leaves up as it was when it releases a virtual
//     port, a container for its parent's type, or a port that becomes a localport or wants an interface of another version. (Who claims a
//     gateway's port says that it is up: so it stays up in between.)
//   - a port whose type has become patch or localnet is released; ovn-controller keeps the claim;
//   - of several interfaces of one port one is ovn-installed; with ovn-controller all are that were it once;
//   - a chassis that becomes an additional one takes its own encap out of the column encap, and a stale one out of additional_encap.
package bindings
