package bindings

import (
	"fmt"
	"slices"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/sb"
)

// ranks tells the better one of two types of encapsulation (encaps.c, get_tunnel_type).
var ranks = map[string]int{sb.EncapTypeVxlan: 1, sb.EncapTypeSTT: 2, sb.EncapTypeGeneve: 3}

// encaps are the rows of table Encap.
type encaps struct {
	rows    map[string]*sb.Encap // by UUID
	own     string               // what was known of this chassis' own when last settled
	changed bool                 // that may be different
}

func (e *encaps) set(id string, new *sb.Encap) {
	if delete(e.rows, id); new != nil {
		e.rows[id] = new
	}
	e.changed = true
}

// settle says whether this chassis' own are others than before.
func (e *encaps) settle(state *local.State) bool {
	if !e.changed {
		return false
	}
	own := ""
	if chassis := state.Chassis(state.Self()); chassis != nil {
		for _, id := range slices.Sorted(slices.Values(chassis.Encaps)) {
			if row := e.rows[id]; row != nil {
				own += fmt.Sprintln(id, row.Type, row.IP)
			}
		}
	}
	before := e.own
	e.own, e.changed = own, false
	return own != before
}

// find gives the UUID of this chassis' best encapsulation with an address; "" for none, or without an address (binding.c,
// sbrec_get_port_encap).
func (e *encaps) find(state *local.State, ip string) (best string) {
	chassis := state.Chassis(state.Self())
	if chassis == nil || ip == "" {
		return ""
	}
	rank := 0
	for _, id := range slices.Sorted(slices.Values(chassis.Encaps)) {
		if row := e.rows[id]; row != nil && row.IP == ip && ranks[row.Type] > rank {
			best, rank = id, ranks[row.Type]
		}
	}
	return best
}

// isOf says whether an encapsulation is a chassis', by its name.
func (e *encaps) isOf(id, chassis string) bool {
	return e.rows[id] != nil && e.rows[id].ChassisName == chassis
}
