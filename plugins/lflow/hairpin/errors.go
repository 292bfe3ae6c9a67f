package hairpin

import "errors"

var (
	// ErrVIP is returned for a virtual address that is bad or has a bad backend. It has no flows, as with ovn-controller.
	ErrVIP = errors.New("bad virtual address")
	// ErrSNAT is returned for a bad hairpin_snat_ip. Addresses before the bad part are used; none if there are too many.
	ErrSNAT = errors.New("bad hairpin_snat_ip")
)
