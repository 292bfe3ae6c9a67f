package patches

import (
	"fmt"
	"maps"
	"slices"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
	"github.com/flowhost/flowhost/plugins/chassis/ports"
)

// end is one port of a pair.
type end struct {
	bridge string // UUID
	port   ports.Wanted
}

// look compares the patch ports for a logical port with those it should have.
func (d *Duty) look(logical string) duty.Write {
	pair, problem := d.wanted(d.rows[d.named[logical]])
	stays := map[string]bool{}
	var operations, inserts []ovsdb.Operation
	for _, e := range pair {
		if id := d.there(e); id != "" {
			stays[id] = true
		} else if inserts = append(inserts, e.port.Insert(e.bridge)...); d.isForeign(e.port.Name, logical) {
			problem = fmt.Sprintf("another port has the name %s already", e.port.Name)
		}
	}
	if problem != "" {
		clear(stays)
		inserts = nil
	}
	for _, id := range d.own(logical) {
		if !stays[id] {
			operations = append(operations, d.ports.Remove(id)...)
		}
	}
	d.report(logical, problem)
	return duty.Write{What: "patch ports of " + logical, Database: duty.Vswitch, Operations: append(operations, inserts...)}
}

// own are the UUIDs of the ports that are there for a logical port on this integration bridge, or lead to it: of one Open vSwitch, several
// chassis may have patch ports for the same logical port.
func (d *Duty) own(logical string) (ids []string) {
	for id := range d.patches.of[logical] {
		p := d.patches.rows[id]
		if p.bridge == d.known.bridge || p.bridge != "" && (p.name == d.patches.outer(logical) || p.peer == d.patches.inner(logical)) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// there is the UUID of a port that does what an end of a pair should: of several always the same, one that says so first; "" for none.
func (d *Duty) there(e end) string {
	ids := slices.Sorted(maps.Keys(d.patches.ways[way{e.bridge, e.port.Options["peer"]}]))
	for _, id := range ids {
		if d.patches.rows[id].of != "" {
			return id
		}
	}
	return append(ids, "")[0]
}

// isForeign says whether a name belongs to a port that is not one of a logical port's own, which may be replaced.
func (d *Duty) isForeign(name, logical string) bool {
	return d.ports.Taken(name) && !slices.ContainsFunc(d.own(logical), func(id string) bool { return d.patches.rows[id].name == name })
}

// wanted is the pair that there should be for a logical port (patch.c, add_bridge_mappings_by_type). A problem is why there is none
// although there should be.
func (d *Duty) wanted(row *sb.PortBinding) (pair []end, problem string) {
	if row == nil || d.state.Key(row.Datapath) == 0 {
		return nil, ""
	}
	key := localnetPort
	if row.Type == typeL2Gateway {
		if key = l2GatewayPort; row.Chassis == nil || *row.Chassis != d.known.self {
			return nil, ""
		}
	}
	network := row.Options["network_name"]
	if network == "" {
		return nil, "it has no network_name"
	}
	outer := d.known.networks[network]
	if outer == "" {
		return nil, fmt.Sprintf("there is no bridge for network %s here", network)
	}
	return []end{
		d.end(d.known.bridge, d.patches.inner(row.LogicalPort), d.patches.outer(row.LogicalPort), key, row),
		d.end(outer, d.patches.outer(row.LogicalPort), d.patches.inner(row.LogicalPort), key, row),
	}, ""
}

func (d *Duty) end(bridge, name, peer, key string, row *sb.PortBinding) end {
	return end{bridge, ports.Wanted{Name: name, Type: "patch", Options: map[string]string{"peer": peer},
		ExternalIDs: map[string]string{key: row.LogicalPort}}}
}

// report says once why a logical port has no patch ports. A localnet port whose network is not here is nothing special: its switch may
// reach over nodes of several networks.
func (d *Duty) report(logical, problem string) {
	if d.reported[logical] == problem {
		return
	}
	if d.reported[logical] = problem; problem == "" {
		delete(d.reported, logical)
		return
	}
	d.logger.Warn("no patch ports: "+problem, "port", logical)
}
