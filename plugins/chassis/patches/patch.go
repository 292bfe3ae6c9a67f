package patches

import (
	"strings"

	"github.com/flowhost/flowhost/internal/ovn/vswitch"
)

// Keys of external_ids by which a Port says which logical port it is for. OVN of old has made ports with the last two, which nobody needs
// any more.
const (
	localnetPort  = "ovn-localnet-port"
	l2GatewayPort = "ovn-l2gateway-port"
	l3GatewayPort = "ovn-l3gateway-port"
	logicalPatch  = "ovn-logical-patch-port"
)

// patch is what matters of a Port; the zero patch: nothing.
type patch struct {
	name   string // of the Port
	of     string // logical port, by external_ids; "": it is not one of ours
	bridge string // UUID; "" while it is on none
	peer   string // of its patch interface
}

func newPatch(row *vswitch.Port, iface *vswitch.Interface, bridge string) patch {
	p := patch{name: row.Name, bridge: bridge}
	for _, key := range []string{localnetPort, l2GatewayPort, l3GatewayPort, logicalPatch} {
		if p.of == "" {
			p.of = row.ExternalIDs[key]
		}
	}
	if iface != nil && iface.Type == "patch" {
		p.peer = iface.Options["peer"]
	}
	return p
}

// way is where a patch port is and leads.
type way struct{ bridge, peer string }

// patches knows the ports by what they are for.
type patches struct {
	bridge string // name of the integration bridge
	rows   map[string]patch
	of     map[string]map[string]bool // UUIDs by logical port
	ways   map[way]map[string]bool    // UUIDs
}

func newPatches(bridge string) patches {
	return patches{bridge: bridge, rows: map[string]patch{}, of: map[string]map[string]bool{}, ways: map[way]map[string]bool{}}
}

// set says what a Port is now, and returns the logical ports that this may matter to.
func (p *patches) set(id string, now patch) (names []string) {
	before := p.rows[id]
	if before == now {
		return nil
	}
	if p.rows[id] = now; now == (patch{}) {
		delete(p.rows, id)
	}
	for _, x := range []patch{before, now} {
		is := x == now
		if x.of != "" {
			index(p.of, x.of, id, is)
			names = append(names, x.of)
		}
		if x.peer != "" {
			index(p.ways, way{x.bridge, x.peer}, id, is)
		}
		for _, name := range []string{x.name, x.peer} {
			names = append(names, p.logical(name)...)
		}
	}
	return names
}

// index has an id in the set of a key, or has it there no more. No set is empty.
func index[K comparable](sets map[K]map[string]bool, key K, id string, is bool) {
	if is {
		if sets[key] == nil {
			sets[key] = map[string]bool{}
		}
		sets[key][id] = true
	} else if delete(sets[key], id); len(sets[key]) == 0 {
		delete(sets, key)
	}
}

// Names of the two ports of a pair (patch.c, patch_port_name).
func (p *patches) inner(logical string) string { return "patch-" + p.bridge + "-to-" + logical }
func (p *patches) outer(logical string) string { return "patch-" + logical + "-to-" + p.bridge }

// logical gives the logical ports for which a port could have this name.
func (p *patches) logical(name string) (names []string) {
	if after, is := strings.CutPrefix(name, p.inner("")); is {
		names = append(names, after)
	}
	if before, is := strings.CutSuffix(name, "-to-"+p.bridge); is {
		if logical, is := strings.CutPrefix(before, "patch-"); is {
			names = append(names, logical)
		}
	}
	return names
}
