package local

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// maxOfport is the highest number of a port (OpenFlow 1.0's OFPP_MAX, which ovn-controller goes by).
const maxOfport = 0xff00

// Tunnel is a port of the integration bridge that leads to another chassis.
type Tunnel struct {
	ID      string // CHASSIS@IP: external_ids:ovn-chassis-id of the Port
	Chassis string // by name
	IP      string
	Kind    string // Interface:type
	Ofport  int
	Up      bool // BFD says that the other end is there
}

// wire is what a Port of the integration bridge is for, as its external_ids say it (local_data.c, local_nonvif_data_run).
type wire struct {
	Tunnel        // with an ID: it is one
	patch  string // name of the logical port that it is a patch port for; "" for none
}

// wiring knows the ports of the integration bridge that are no logical port's: tunnels and patch ports.
type wiring struct {
	wires   map[uuid.UUID]wire       // by the UUID of the Port
	tunnels index[string, uuid.UUID] // by the chassis' name
	patches index[string, uuid.UUID] // by the logical port's name
	up      int                      // how many tunnels are
	changed func(Kind, string)
}

func newWiring(changed func(Kind, string)) wiring {
	return wiring{wires: map[uuid.UUID]wire{}, tunnels: index[string, uuid.UUID]{}, patches: index[string, uuid.UUID]{},
		changed: changed}
}

// set says what a Port is for now; the zero wire: for nothing.
func (w *wiring) set(id uuid.UUID, now wire) {
	before := w.wires[id]
	if before == now {
		return
	}
	anyUp := w.up > 0
	if before.Up {
		w.up--
	}
	if now.Up {
		w.up++
	}
	if anyUp != (w.up > 0) {
		w.changed(KindUp, "")
	}
	if w.wires[id] = now; now == (wire{}) {
		delete(w.wires, id)
	}
	w.index(id, before, false)
	w.index(id, now, true)
}

// index has what a Port is for, or has it no more, where it is looked for.
func (w *wiring) index(id uuid.UUID, x wire, is bool) {
	if x.ID != "" {
		w.tunnels.set(x.Chassis, id, is)
		w.changed(KindTunnels, x.Chassis)
	}
	if x.patch != "" {
		w.patches.set(x.patch, id, is)
		w.changed(KindPatch, x.patch)
	}
}

// newWire reads what a Port says that it is for. An interface without a number is for nothing yet.
func newWire(externalIDs map[string]string, i *iface) wire {
	if i.ofport < 1 || i.ofport > maxOfport {
		return wire{}
	}
	if i.kind == "patch" {
		for _, key := range []string{"ovn-localnet-port", "ovn-l2gateway-port"} {
			if name := externalIDs[key]; name != "" {
				return wire{patch: name, Tunnel: Tunnel{Ofport: i.ofport}}
			}
		}
		return wire{}
	}
	id := externalIDs["ovn-chassis-id"]
	if id == "" || i.kind != "geneve" && i.kind != "vxlan" && i.kind != "stt" {
		return wire{}
	}
	t := Tunnel{ID: id, Chassis: id, Kind: i.kind, Ofport: i.ofport, Up: i.up}
	if at := strings.LastIndexByte(id, '@'); at >= 0 {
		t.Chassis, t.IP = id[:at], id[at+1:]
	}
	return wire{Tunnel: t}
}

// Tunnels are the tunnels to a chassis, by its name, in the order of their ids.
func (s *State) Tunnels(chassis string) []Tunnel {
	var list []Tunnel
	for id := range s.wiring.tunnels[chassis] {
		list = append(list, s.wiring.wires[id].Tunnel)
	}
	slices.SortFunc(list, func(a, b Tunnel) int { return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Ofport, b.Ofport)) })
	return list
}

// TunnelNames are the names of the chassis that there are tunnels to.
func (s *State) TunnelNames() []string { return slices.Collect(maps.Keys(s.wiring.tunnels)) }

// AnyUp says whether BFD says of any tunnel that it is up.
func (s *State) AnyUp() bool { return s.wiring.up > 0 }

// Patch is the number of the patch port for a localnet or l2gateway port, by its name; 0 for none.
func (s *State) Patch(name string) int {
	least := 0
	for id := range s.wiring.patches[name] {
		if ofport := s.wiring.wires[id].Ofport; least == 0 || ofport < least {
			least = ofport
		}
	}
	return least
}
