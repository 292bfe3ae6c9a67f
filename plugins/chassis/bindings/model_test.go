package bindings

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"
	"pgregory.net/rapid"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
	"github.com/flowhost/flowhost/plugins/chassis/duty/dutytest"
	"github.com/flowhost/flowhost/sdk"
)

// world is what the databases have and the owners have said, and what the rules say of it when everything is worked out from the beginning.
type world struct {
	*stage
	marks map[string]map[string]string // by port and owner
}

func (w *world) bindings() map[string]*sb.PortBinding {
	byName := map[string]*sb.PortBinding{}
	for _, row := range dutytest.Rows[sb.PortBinding](w.Bench, duty.Southbound, sb.PortBindingTable) {
		byName[row.LogicalPort] = row
	}
	return byName
}

// isThere says whether this chassis has a row.
func (w *world) isThere() bool {
	open := dutytest.Rows[vswitch.OpenvSwitch](w.Bench, duty.Vswitch, vswitch.OpenvSwitchTable)[id("open")]
	return open.ExternalIDs["system-id"] == "hv1"
}

// plugged is the interface for a VIF: the one with the lowest number.
func (w *world) plugged(vif *sb.PortBinding) (found *vswitch.Interface) {
	bridge := dutytest.Rows[vswitch.Bridge](w.Bench, duty.Vswitch, vswitch.BridgeTable)[id("br-int")]
	for _, port := range dutytest.Rows[vswitch.Port](w.Bench, duty.Vswitch, vswitch.PortTable) {
		for _, i := range dutytest.Rows[vswitch.Interface](w.Bench, duty.Vswitch, vswitch.InterfaceTable) {
			version := vif.Options["iface-id-ver"]
			if slices.Contains(bridge.Ports, port.UUID) && slices.Contains(port.Interfaces, i.UUID) &&
				i.ExternalIDs["iface-id"] == vif.LogicalPort && *i.Ofport > 0 &&
				(version == "" || version == i.ExternalIDs["iface-id-ver"]) && (found == nil || *i.Ofport < *found.Ofport) {
				found = i
			}
		}
	}
	return found
}

// vif is the one that a port is bound by, and its interface.
func (w *world) vif(row *sb.PortBinding) (*sb.PortBinding, *vswitch.Interface) {
	vif := row
	if row.Type == "virtual" || deref(row.ParentPort) != "" {
		vif = w.bindings()[deref(row.ParentPort)+deref(row.VirtualParent)]
	}
	if vif == nil || vif.Type != "" || deref(vif.ParentPort) != "" {
		return nil, nil
	}
	if row.Type == "virtual" && (!w.allowed(vif) || !w.ours(vif)) {
		return nil, nil
	}
	return vif, w.plugged(vif)
}

func (w *world) ours(row *sb.PortBinding) bool {
	return deref(row.Chassis) == id("hv1") || slices.Contains(row.AdditionalChassis, id("hv1"))
}

func (w *world) position(row *sb.PortBinding) int {
	requested := row.Options["requested-chassis"]
	if requested == "" {
		return 0
	}
	return slices.IndexFunc(strings.Split(requested, ","), func(one string) bool { return one == "hv1" || one == "host-hv1" })
}

func (w *world) allowed(row *sb.PortBinding) bool { return w.position(row) >= 0 }

// should is how a Port_Binding should be shown; unknown: whether it is up is not known.
func (w *world) should(row *sb.PortBinding) (text string, unknown bool) {
	want := *row
	isOwn := func(s string) bool { return names[s] == "hv1" || strings.Contains(names[s], "192.0.2.1") }
	want.AdditionalChassis = slices.DeleteFunc(slices.Clone(row.AdditionalChassis), isOwn)
	want.AdditionalEncap = slices.DeleteFunc(slices.Clone(row.AdditionalEncap), isOwn)
	main, additional, gateway := false, false, false
	vif, plug := (*sb.PortBinding)(nil), (*vswitch.Interface)(nil)
	switch row.Type {
	case "", "virtual":
		if vif, plug = w.vif(row); plug != nil {
			main, additional = w.position(row) == 0, w.position(row) > 0
		}
	case "l3gateway":
		main, gateway = row.Options["l3gateway-chassis"] == "hv1" && w.position(row) == 0, true
	case "chassisredirect":
		main, gateway = deref(row.HaChassisGroup) == id("solo") && w.position(row) == 0, true
	}
	encap := ""
	if plug != nil && plug.ExternalIDs["encap-ip"] != "" {
		encap = id("geneve " + plug.ExternalIDs["encap-ip"])
	}
	switch {
	case main:
		self := id("hv1")
		if want.Chassis, want.Encap = &self, nil; encap != "" {
			want.Encap = &encap
		}
		if row.Up == nil {
			break
		}
		up := gateway
		if !gateway && w.isParentUp(vif, row, *plug.Ofport) {
			up, unknown = w.installed(row.LogicalPort, *plug.Ofport)
		}
		want.Up = &up
	case deref(row.Chassis) == id("hv1"):
		want.Chassis = nil
	}
	if additional {
		if want.AdditionalChassis = append(want.AdditionalChassis, id("hv1")); encap != "" {
			want.AdditionalEncap = append(want.AdditionalEncap, encap)
		}
	}
	return show(&want), unknown
}

// isParentUp says whether what another port is bound by is up; a port that is bound by itself needs none that is.
func (w *world) isParentUp(vif, row *sb.PortBinding, ofport int) bool {
	up, unknown := w.installed(vif.LogicalPort, ofport)
	if unknown || deref(vif.Chassis) != id("hv1") || !w.allowed(vif) {
		up = vif.Up != nil && *vif.Up
	}
	return vif == row || up
}

// group makes a group of chassis.
func (w *world) group(name string, chassis ...string) {
	var members []string
	var operations []ovsdb.Operation
	for n, one := range chassis {
		members = append(members, id(name+" "+one))
		operations = append(operations, insert(sb.HAChassisTable, name+" "+one, libovsdb.Row{"chassis": duty.Refs(id(one)), "priority": n}))
	}
	w.Transact(duty.Southbound, append(operations,
		insert(sb.HAChassisGroupTable, name, libovsdb.Row{"name": name, "ha_chassis": duty.Refs(members...)}))...)
}

func (w *world) installed(port string, ofport int) (is, unknown bool) {
	for _, value := range w.marks[port] {
		if value != fmt.Sprint(ofport) {
			return false, false
		}
	}
	return true, len(w.marks[port]) < len(Owners)
}

var (
	plugNames = []string{"i0", "i1", "i2", "i3"}
	portNames = []string{"a", "b", "c", "d", "e"}
)

func pick[T any](t *rapid.T, label string, from ...T) T {
	return rapid.SampledFrom(from).Draw(t, label)
}

// edit does one thing that may happen.
func (w *world) edit(t *rapid.T) {
	switch pick(t, "what", "interface", "interface", "unplug", "binding", "binding", "binding", "delete", "theirs", "nobody's", "up",
		"mark", "mark", "mark", "name", "number") {
	case "interface":
		w.editInterface(t)
	case "unplug":
		w.unplug(pick(t, "interface", plugNames...))
	case "binding":
		w.editBinding(t)
	case "delete":
		port := pick(t, "port", portNames...)
		w.Transact(duty.Southbound, duty.Delete(sb.PortBindingTable, id(port)))
		delete(w.marks, port)
		for _, owner := range Owners {
			w.duty.Marked(sdk.MarkInstalled{Owner: owner, Name: "port/" + id(port)})
		}
	case "theirs":
		w.set(pick(t, "port", portNames...), libovsdb.Row{"chassis": duty.Refs(id("hv2")), "encap": duty.Refs(id("geneve 192.0.2.2"))})
	case "nobody's":
		w.set(pick(t, "port", portNames...), libovsdb.Row{"chassis": duty.Refs(), "encap": duty.Refs()})
	case "up":
		w.set(pick(t, "port", portNames...), libovsdb.Row{"up": rapid.Bool().Draw(t, "is")})
	case "mark":
		port, owner, value := pick(t, "port", portNames...), pick(t, "owner", Owners...), pick(t, "value", "", "0", "1", "2", "3", "4")
		if w.marks[port] == nil {
			w.marks[port] = map[string]string{}
		}
		if w.marks[port][owner] = value; value == "" {
			delete(w.marks[port], owner)
		}
		w.duty.Marked(sdk.MarkInstalled{Owner: owner, Name: "port/" + id(port), Value: value})
	case "number":
		n := rapid.IntRange(0, len(plugNames)-1).Draw(t, "n")
		w.setInterface(plugNames[n], libovsdb.Row{"ofport": pick(t, "number", -1, n+1, n+11)})
	case "name": // of a chassis that has no row
		name := pick(t, "name", "hv1", "hv1", "hv9")
		w.Transact(duty.Vswitch, duty.Update(vswitch.OpenvSwitchTable, id("open"), libovsdb.Row{"external_ids": options("system-id", name)}))
	}
}

func (w *world) editInterface(t *rapid.T) {
	n := rapid.IntRange(0, len(plugNames)-1).Draw(t, "n")
	ofport, ids := pick(t, "ofport", -1, n+1, n+1), map[string]string{"iface-id": pick(t, "iface-id", portNames...)}
	for key, value := range map[string]string{"iface-id-ver": pick(t, "version", "", "1", "2"), "ovn-installed": pick(t, "was", "", "true"),
		"encap-ip": pick(t, "encap-ip", "", "192.0.2.1", "192.0.2.11")} {
		if value != "" {
			ids[key] = value
		}
	}
	w.unplug(plugNames[n])
	w.plugAs(plugNames[n], ids["iface-id"], ofport)
	w.setInterface(plugNames[n], libovsdb.Row{"external_ids": duty.Map(ids)})
}

func (w *world) editBinding(t *rapid.T) {
	name := pick(t, "port", portNames...)
	kind := pick(t, "type", "", "", "", "container", "virtual", "l3gateway", "chassisredirect", "localport", "patch")
	row := libovsdb.Row{"type": kind, "parent_port": libovsdb.OvsSet{}, "virtual_parent": libovsdb.OvsSet{}, "ha_chassis_group": duty.Refs(),
		"options": options("requested-chassis", pick(t, "requested", "", "", "", "hv1", "hv2", "hv1,hv2", "hv2,host-hv1"),
			"iface-id-ver", pick(t, "wanted version", "", "", "1"), "l3gateway-chassis", pick(t, "gateway", "hv1", "hv2"))}
	switch kind {
	case "container":
		row["type"], row["parent_port"], row["tag"] = "", pick(t, "parent", portNames...), 1
	case "virtual":
		row["virtual_parent"] = pick(t, "parent", portNames...)
	case "chassisredirect":
		row["ha_chassis_group"] = duty.Refs(id(pick(t, "group", "solo", "pair", "none")))
	}
	if w.bindings()[name] != nil {
		w.set(name, row)
		return
	}
	row["tunnel_key"] = slices.Index(portNames, name) + 1
	if rapid.IntRange(0, 5).Draw(t, "no up") == 0 {
		row["up"] = libovsdb.OvsSet{}
	}
	w.bind(name, row)
}

// settle writes what is planned until that is all, while connections end and others write.
func (w *world) settle(t *rapid.T) {
	for range 200 {
		writes := w.Plan(rapid.IntRange(1, 4).Draw(t, "max"))
		if len(writes) == 0 {
			if wait := w.again(); wait >= 0 && wait < 5*time.Second {
				w.Now = w.Now.Add(wait)
				continue
			}
			return
		}
		if rapid.IntRange(0, 9).Draw(t, "edit") == 0 {
			w.edit(t)
		}
		if rapid.IntRange(0, 9).Draw(t, "lost") == 0 {
			w.duty.Lost(duty.Southbound)
			w.duty.Lost(duty.Vswitch)
			continue
		}
		for _, write := range writes {
			_ = w.Apply(write) // it may be refused, if somebody has written meanwhile
		}
	}
	t.Fatalf("there is no end of it")
}

// However the rows came about, what is written makes them what the rules say, and then no more is.
func TestAgainstRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{stage: newStage(t), marks: map[string]map[string]string{}}
		w.Now = time.Unix(1000, 0)
		w.group("solo", "hv1")
		w.group("pair", "hv1", "hv2")
		w.group("none")
		for range rapid.IntRange(1, 8).Draw(t, "batches") {
			for range rapid.IntRange(1, 10).Draw(t, "edits") {
				w.edit(t)
			}
			w.settle(t)
			w.check(t)
		}
	})
}

func (w *world) check(t *rapid.T) {
	if !w.isThere() {
		return
	}
	bindings := w.bindings()
	for name, row := range bindings {
		got := show(row)
		want, unknown := w.should(row)
		if got != want && !(unknown && strings.ReplaceAll(got, " up=true", "") == strings.ReplaceAll(want, " up=true", "")) {
			t.Fatalf("port %s is %q, want %q (%+v)", name, got, want, *row)
		}
	}
	for _, i := range dutytest.Rows[vswitch.Interface](w.Bench, duty.Vswitch, vswitch.InterfaceTable) {
		want, unknown := false, false
		if row := bindings[i.ExternalIDs["iface-id"]]; row != nil && row.Type == "" && deref(row.ParentPort) == "" && w.allowed(row) {
			if plug := w.plugged(row); plug != nil && plug.UUID == i.UUID {
				want, unknown = w.installed(row.LogicalPort, *i.Ofport)
			}
		}
		if got := i.ExternalIDs[installed] == "true"; got != want && !unknown {
			t.Fatalf("interface %s: ovn-installed is %v, want %v (%v)", i.Name, got, want, i.ExternalIDs)
		}
	}
}
