package parity

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/flowhost/flowhost/internal/ovstest"
)

// mirror makes the bridges, ports and interfaces of to those of from: their numbers too, and what ovn-controller has written about
// them for others (conntrack zones, tunnels, claims, BFD); the settings of the chassis; and a row for the datapath, which ovn-controller
// makes so that ovs-vswitchd fills in what that can do.
//
// Which conntrack zones it uses it says itself. Its keys of the bridge may say something else for good: when somebody has changed them, or
// when none of its transactions succeeds any more. Strays are the names of those.
func mirror(from, to *ovstest.Sandbox) (strays []string, err error) {
	wanted, err := readPorts(from)
	if err != nil {
		return nil, err
	}
	if strays, err = wanted.useZones(from); err != nil {
		return nil, err
	}
	have, err := readPorts(to)
	if err != nil {
		return nil, err
	}
	args := settings(wanted.settings, have.settings)
	for _, kind := range sortedKeys(wanted.datapaths) {
		if _, ok := have.datapaths[kind]; !ok {
			args = append(args, "--", "--id=@datapath", "create", "Datapath", "datapath_version=mirrored",
				"--", "set", "Open_vSwitch", ".", "datapaths:"+kind+"=@datapath")
		}
	}
	for _, bridge := range sortedKeys(wanted.bridges) {
		if _, ok := have.bridges[bridge]; !ok {
			args = append(args, "--", "add-br", bridge, "--", "set", "Bridge", bridge, "datapath_type=system")
		}
		args = append(args, "--", "clear", "Bridge", bridge, "external_ids", "fail_mode")
		args = appendSet(args, "Bridge", bridge, "external_ids", wanted.bridges[bridge].externalIDs)
		if mode := wanted.bridges[bridge].failMode; mode != "" {
			args = append(args, "--", "set", "Bridge", bridge, "fail_mode="+mode)
		}
	}
	for name, port := range have.ports {
		if want, ok := wanted.ports[name]; !ok || want.bridge != port.bridge || want.kind != port.kind || want.number != port.number {
			args = append(args, "--", "--if-exists", "del-port", name)
		}
	}
	for _, name := range sortedKeys(wanted.ports) {
		args = append(args, wanted.ports[name].commands(name)...)
	}
	if len(args) > 0 {
		_, err = to.Run("ovs-vsctl", args[1:]...)
	}
	return strays, err
}

// useZones has the integration bridge's keys say which conntrack zones ovn-controller uses, and returns the names of those that said
// something else.
func (p *ports) useZones(s *ovstest.Sandbox) (strays []string, err error) {
	const prefix = "ct-zone-"
	keys := p.bridges[ovstest.Bridge].externalIDs
	if keys == nil {
		return nil, nil // there is no such bridge
	}
	text, err := s.Control(ovstest.Controller, "ct-zone-list")
	if err != nil {
		return nil, err
	}
	used := make(map[string]string)
	for line := range strings.Lines(text) {
		if at := strings.LastIndexByte(line, ' '); at > 0 {
			used[prefix+line[:at]] = strings.TrimSpace(line[at:])
		}
	}
	for key := range keys {
		if strings.HasPrefix(key, prefix) && used[key] == "" {
			strays = append(strays, strings.TrimPrefix(key, prefix))
			delete(keys, key)
		}
	}
	for key, zone := range used {
		if keys[key] != zone {
			strays = append(strays, strings.TrimPrefix(key, prefix))
			keys[key] = zone
		}
	}
	slices.Sort(strays)
	return strays, nil
}

// settings makes the settings that begin with "ovn-" those that are wanted, but for where the southbound database is.
func settings(wanted, have map[string]string) (args []string) {
	is := func(key string) bool { return strings.HasPrefix(key, "ovn-") && key != "ovn-remote" }
	for _, key := range sortedKeys(have) {
		if _, stays := wanted[key]; !stays && is(key) {
			args = append(args, "--", "remove", "Open_vSwitch", ".", "external_ids", quoted(key))
		}
	}
	for _, key := range sortedKeys(wanted) {
		if is(key) && have[key] != wanted[key] {
			args = append(args, "--", "set", "Open_vSwitch", ".", fmt.Sprintf("external_ids:%s=%s", quoted(key), quoted(wanted[key])))
		}
	}
	return args
}

// ports are the bridges and ports of one Open vSwitch.
type ports struct {
	settings  map[string]string // external_ids of Open_vSwitch
	datapaths map[string]string // UUIDs of Datapath by type
	bridges   map[string]bridge
	ports     map[string]port
}

type bridge struct {
	failMode    string // what it does without a controller: standalone, which is the default, is to switch by itself
	externalIDs map[string]string
}

// port is a port with its one interface.
type port struct {
	bridge       string
	kind         string // Interface:type
	number       int    // Interface:ofport
	options      map[string]string
	externalIDs  map[string]string // of the Port
	interfaceIDs map[string]string // external_ids of the Interface
	bfd          map[string]string
	tag          string
}

// commands makes the port, if it is not there, and sets what it has.
func (p port) commands(name string) (args []string) {
	args = append(args, "--", "--may-exist", "add-port", p.bridge, name,
		"--", "set", "Interface", name, "type="+quoted(p.kind), fmt.Sprintf("ofport_request=%d", p.number),
		"--", "clear", "Interface", name, "external_ids", "options", "bfd",
		"--", "clear", "Port", name, "external_ids", "tag")
	args = appendSet(args, "Interface", name, "options", p.options)
	args = appendSet(args, "Interface", name, "external_ids", p.interfaceIDs)
	args = appendSet(args, "Interface", name, "bfd", p.bfd)
	args = appendSet(args, "Port", name, "external_ids", p.externalIDs)
	if p.tag != "" {
		args = append(args, "--", "set", "Port", name, "tag="+p.tag)
	}
	return args
}

func appendSet(args []string, table, record, column string, values map[string]string) []string {
	if len(values) == 0 {
		return args
	}
	args = append(args, "--", "set", table, record)
	for _, key := range sortedKeys(values) {
		args = append(args, fmt.Sprintf("%s:%s=%s", column, quoted(key), quoted(values[key])))
	}
	return args
}

// quoted keeps ovs-vsctl from reading anything into a text.
func quoted(text string) string {
	out, _ := json.Marshal(text)
	return string(out)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// readPorts reads what is there, but for the local port of each bridge. A port whose number is not known yet is left out.
func readPorts(s *ovstest.Sandbox) (*ports, error) {
	open, err := list(s, "ovs-vsctl", "Open_vSwitch", "external_ids,datapaths")
	if err != nil {
		return nil, err
	}
	bridges, err := list(s, "ovs-vsctl", "Bridge", "name,ports,fail_mode,external_ids")
	if err != nil {
		return nil, err
	}
	portRows, err := list(s, "ovs-vsctl", "Port", "_uuid,name,interfaces,external_ids,tag")
	if err != nil {
		return nil, err
	}
	interfaces, err := list(s, "ovs-vsctl", "Interface", "_uuid,type,ofport,options,external_ids,bfd")
	if err != nil {
		return nil, err
	}
	p := &ports{bridges: make(map[string]bridge), ports: make(map[string]port)}
	for _, r := range open {
		p.settings, p.datapaths = r.pairs("external_ids"), r.pairs("datapaths")
	}
	byUUID := make(map[string]row)
	for _, r := range append(portRows, interfaces...) {
		byUUID[r.text("_uuid")] = r
	}
	for _, b := range bridges {
		name := b.text("name")
		p.bridges[name] = bridge{failMode: b.text("fail_mode"), externalIDs: b.pairs("external_ids")}
		for _, id := range b.set("ports") {
			r := byUUID[id]
			if r.text("name") == name || len(r.set("interfaces")) != 1 {
				continue
			}
			i := byUUID[r.set("interfaces")[0]]
			var number int
			if _, err := fmt.Sscan(i.text("ofport"), &number); err != nil || number < 1 {
				continue
			}
			p.ports[r.text("name")] = port{
				bridge: name, kind: i.text("type"), number: number, options: i.pairs("options"), tag: r.text("tag"),
				externalIDs: r.pairs("external_ids"), interfaceIDs: i.pairs("external_ids"), bfd: i.pairs("bfd"),
			}
		}
	}
	return p, nil
}

// row is a row of a table in the JSON of RFC 7047 §5.1.
type row map[string]any

// list reads columns of a table, with the tool for its database.
func list(s *ovstest.Sandbox, tool, table, columns string) ([]row, error) {
	out, err := s.Run(tool, "--format=json", "--columns="+columns, "list", table)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Headings []string
		Data     [][]any
	}
	if err := json.Unmarshal([]byte(out), &answer); err != nil {
		return nil, fmt.Errorf("%s list %s: %w", tool, table, err)
	}
	var rows []row
	for _, values := range answer.Data {
		r := make(row)
		for i, heading := range answer.Headings {
			r[heading] = values[i]
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// text is a value that is one atom; "" if it is an empty set.
func (r row) text(column string) string { return strings.Join(atoms(r[column]), " ") }

// set is a value that is a set of atoms.
func (r row) set(column string) []string { return atoms(r[column]) }

func atoms(value any) []string {
	pair, ok := value.([]any)
	if !ok {
		if number, is := value.(float64); is {
			return []string{fmt.Sprintf("%.0f", number)}
		}
		return []string{fmt.Sprint(value)}
	}
	switch pair[0] {
	case "uuid":
		return []string{pair[1].(string)}
	case "set":
		var all []string
		for _, element := range pair[1].([]any) {
			all = append(all, atoms(element)...)
		}
		return all
	}
	return nil
}

// pairs is a value that is a map.
func (r row) pairs(column string) map[string]string {
	pair, ok := r[column].([]any)
	if !ok || pair[0] != "map" {
		return nil
	}
	all := make(map[string]string)
	for _, element := range pair[1].([]any) {
		p := element.([]any)
		all[atoms(p[0])[0]] = atoms(p[1])[0]
	}
	return all
}
