// Package cleanup removes what a chassis has written, for a node that is not to be one any more: its rows of the southbound database, and
// of the local one the tunnel ports and patch ports, and what external_ids say. The bridge and the ports of others stay.
package cleanup
