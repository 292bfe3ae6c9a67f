package network

import (
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
)

// features are what the datapath of a bridge can do (ovs-vswitchd.conf.db(5), Datapath, capabilities).
type features struct {
	bridge       string
	kind         string            // its datapath_type; "" is system
	version      string            // of Open vSwitch
	kinds        map[string]string // Open_vSwitch, datapaths: UUIDs by type
	capabilities map[uuid.UUID]map[string]string
}

func newFeatures(bridge string) features {
	return features{bridge: bridge, capabilities: map[uuid.UUID]map[string]string{}}
}

// change takes in a row, and says whether what the datapath can do is another thing now.
func (f *features) change(c ovsdb.Change) bool {
	before := f.has()
	switch row := c.New.(type) {
	case *vswitch.OpenvSwitch:
		f.kinds, f.version = row.Datapaths, ""
		if row.OVSVersion != nil {
			f.version = *row.OVSVersion
		}
	case *vswitch.Bridge:
		if row.Name == f.bridge {
			f.kind = row.DatapathType
		}
	case *vswitch.Datapath:
		f.capabilities[c.UUID] = row.Capabilities
	case nil:
		f.lose(c)
	}
	return f.has() != before
}

// lose takes in that a row has gone.
func (f *features) lose(c ovsdb.Change) {
	switch c.Old.(type) {
	case *vswitch.OpenvSwitch:
		f.kinds, f.version = nil, ""
	case *vswitch.Datapath:
		delete(f.capabilities, c.UUID)
	}
}

// Features are what the datapath can do that OVN's flows make use of where it can (lib/features.c).
type Features struct {
	ZeroSNAT      bool // SNAT to the address a packet has, without collisions
	SymmetricHash bool // a hash over layer 4 that is the same in both directions
}

// symmetricL4 is the number of that hash (OVS_HASH_ALG_SYM_L4).
const symmetricL4 = 1

// has is what the datapath's row says. ovs-vswitchd fills it in when somebody has made it, as ovn-controller does. Without it, it is known
// that Open vSwitch's own datapaths have both since 2.16 (of which the scripts that start it write the version, if anybody does), and that
// Linux has had the first for as long as it can translate addresses for Open vSwitch.
func (f *features) has() Features {
	kind := f.kind
	if kind == "" {
		kind = "system"
	}
	if id, err := uuid.Parse(f.kinds[kind]); err == nil && f.capabilities[id] != nil {
		hash, _ := strconv.Atoi(f.capabilities[id]["max_hash_alg"])
		return Features{ZeroSNAT: f.capabilities[id]["ct_zero_snat"] == "true", SymmetricHash: hash >= symmetricL4}
	}
	isNew := f.version == "" || f.isSince(2, 16)
	return Features{ZeroSNAT: kind == "system" || isNew, SymmetricHash: kind != "system" && isNew}
}

// isSince says whether Open vSwitch is of this version or a later one.
func (f *features) isSince(major, minor int) bool {
	var have [2]int
	if n, _ := fmt.Sscanf(f.version, "%d.%d", &have[0], &have[1]); n < len(have) {
		return false
	}
	return have[0] > major || have[0] == major && have[1] >= minor
}

// Features are what the datapath can do.
func (n *Network) Features() Features { return n.features.has() }
