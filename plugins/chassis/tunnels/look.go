package tunnels

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
	"github.com/flowhost/flowhost/plugins/chassis/ports"
)

// ranks are the types of encapsulation: of several that two chassis have in common, the highest is used (lib/ovn-util.c,
// get_tunnel_type).
var ranks = map[string]int{"vxlan": 1, "stt": 2, "geneve": 3}

// maxPorts is how many names there are for the ports of one stem.
const maxPorts = 0xffff

// look compares the tunnel ports to a chassis with those it should have.
func (d *Duty) look(chassis string) duty.Write {
	wanted := d.wanted(chassis)
	var operations []ovsdb.Operation
	for _, row := range d.held(chassis) {
		id, iface := row.ExternalIDs[chassisID], d.ports.Interface(row)
		want, ok := wanted[id]
		if !ok || iface == nil || d.ports.On(row.UUID) != d.known.bridge {
			operations = append(operations, d.ports.Remove(row.UUID)...)
			continue
		}
		delete(wanted, id) // a second port with the same id goes
		operations = append(operations, want.Update(iface)...)
	}
	var names []string
	for _, id := range slices.Sorted(maps.Keys(wanted)) {
		want := wanted[id]
		if want.Name = d.name(chassis); want.Name == "" {
			d.logger.Warn("no name is left for a tunnel port", "chassis", chassis)
			break
		}
		d.coming[want.Name] = true
		names = append(names, want.Name)
		operations = append(operations, want.Insert(d.known.bridge)...)
	}
	return duty.Write{What: "tunnels to chassis " + chassis, Database: duty.Vswitch, Operations: operations, Done: func(error) {
		for _, name := range names {
			delete(d.coming, name)
		}
	}}
}

// held are the tunnel ports to a chassis, in the order of their names: all on the integration bridge, and on others those that have been
// left behind, when another was the integration bridge, as their names tell (encaps.c, clear_old_tunnels).
func (d *Duty) held(chassis string) (rows []*vswitch.Port) {
	for id := range d.tunnels[chassis] {
		row, bridge := d.ports.Port(id), d.ports.On(id)
		if bridge == d.known.bridge || bridge != "" && strings.HasPrefix(row.Name, d.known.prefix()) {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b *vswitch.Port) int { return cmp.Compare(a.Name, b.Name) })
	return rows
}

// name is a free name for a tunnel port; "" if there is none left.
func (d *Duty) name(chassis string) string {
	stem := d.known.stem(chassis)
	for n := range maxPorts {
		name := stem + strconv.FormatInt(int64(n), 16)
		if !d.ports.Taken(name) && !d.coming[name] {
			return name
		}
	}
	return ""
}

// wanted are the tunnels that there should be to a chassis, by ovn-chassis-id: one to each of its addresses, of the best type that both
// have (encaps.c, chassis_tunnel_add).
func (d *Duty) wanted(name string) map[string]ports.Wanted {
	row := d.chassis[d.named[name]]
	if row == nil || !d.isReached(row) {
		return nil
	}
	best := ""
	for _, encap := range d.encapsOf(row) {
		if ranks[encap.Type] > ranks[best] && slices.Contains(d.known.kinds, encap.Type) {
			best = encap.Type
		}
	}
	tunnels := map[string]ports.Wanted{}
	for _, encap := range d.encapsOf(row) {
		if best != "" && encap.Type == best {
			id := row.Name + "@" + encap.IP
			tunnels[id] = ports.Wanted{Type: best, Options: d.options(row, encap), BFD: d.bfd(row), ExternalIDs: map[string]string{chassisID: id}}
		}
	}
	return tunnels
}

// isReached says whether there are tunnels to another chassis: in a transport zone that both are in, or neither in any, and in another
// availability zone only if this chassis is there for that (encaps.c, encaps_run).
func (d *Duty) isReached(row *sb.Chassis) bool {
	if row.Name == d.state.Name() {
		return false
	}
	if isTrue(row.OtherConfig["is-remote"]) && !d.known.interconn {
		return false
	}
	if len(row.TransportZones) == 0 && len(d.known.zones) == 0 {
		return true
	}
	return slices.ContainsFunc(row.TransportZones, func(zone string) bool { return slices.Contains(d.known.zones, zone) })
}

// options are those of a tunnel (ovs-vswitchd.conf.db(5), Interface, Tunnel Options; encaps.c, tunnel_add).
func (d *Duty) options(row *sb.Chassis, encap *sb.Encap) map[string]string {
	options := maps.Clone(d.known.options)
	options["remote_ip"] = encap.IP
	if csum := encap.Options["csum"]; csum == "true" || csum == "false" {
		options["csum"] = csum
	}
	if port, ok := encap.Options["dst_port"]; ok {
		options["dst_port"] = port
	}
	if d.known.ipsec {
		options["remote_name"] = row.Name
	}
	return options
}

func (d *Duty) bfd(row *sb.Chassis) map[string]string {
	if !d.groups.isWatched(d.named[row.Name]) {
		return nil
	}
	return d.known.bfd
}

// encapsOf are the encapsulations of a chassis, in the order of their UUIDs.
func (d *Duty) encapsOf(row *sb.Chassis) (list []*sb.Encap) {
	for _, id := range row.Encaps {
		if encap := d.encaps[id]; encap != nil {
			list = append(list, encap)
		}
	}
	return list
}
