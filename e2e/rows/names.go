package rows

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// nameColumns are the columns that name a row of a table. Rows of others are named by all that they hold.
var nameColumns = map[string][]string{
	"Chassis": {"name"}, "Chassis_Private": {"name"}, "Encap": {"chassis_name", "type", "ip"}, "Port_Binding": {"logical_port"},
	"HA_Chassis_Group": {"name"}, "Gateway_Chassis": {"name"}, "Datapath_Binding": {"external_ids:name"},
	"Bridge": {"name"}, "Port": {"name"}, "Interface": {"name"},
}

// onlyRow is what the row is called of a table that has one at most.
var onlyRow = map[string]string{"Open_vSwitch": "."}

// names call rows of a node's databases by what they are.
type names struct {
	folder string
	byUUID map[string]string
}

func newNames(content map[string][]raw, folder string) *names {
	n := &names{folder: folder, byUUID: make(map[string]string)}
	for table := range nameColumns {
		for _, r := range content[table] {
			n.byUUID[r.uuid()] = n.name(table, r)
		}
	}
	for _, r := range content["Datapath_Binding"] { // is also called by the northbound row that it is for
		for column, value := range n.cells("Datapath_Binding", r) {
			if column == "external_ids:logical-switch" || column == "external_ids:logical-router" {
				n.byUUID[value] = n.byUUID[r.uuid()]
			}
		}
	}
	for _, table := range []string{"Queue", "QoS", "Datapath", "HA_Chassis"} { // Queue first: a QoS has it in its content
		for _, r := range content[table] {
			n.byUUID[r.uuid()] = n.name(table, r)
		}
	}
	return n
}

func (r raw) uuid() string { return atom(r["_uuid"]) }

// name is what a row is called.
func (n *names) name(table string, r raw) string {
	if name, ok := onlyRow[table]; ok {
		return name
	}
	cells := n.cells(table, r)
	columns, ok := nameColumns[table]
	if !ok {
		return text(cells)
	}
	var words []string
	for _, column := range columns {
		words = append(words, cells[column])
	}
	return strings.Join(words, " ")
}

// text is all that a row holds, but for what is empty.
func text(cells map[string]string) string {
	var words []string
	for _, column := range slices.Sorted(maps.Keys(cells)) {
		if cells[column] != "" {
			words = append(words, column+"="+cells[column])
		}
	}
	return strings.Join(words, " ")
}

// rows adds the rows of a table. Of those with one name, all but the first have a number.
func (n *names) rows(table string, content []raw, all Rows) {
	for _, r := range content {
		k := Key{table, n.name(table, r)}
		for number := 2; all[k] != nil; number++ {
			k.Name = fmt.Sprintf("%s #%d", n.name(table, r), number)
		}
		all[k] = n.cells(table, r)
	}
}

// cells are a row's values by columns, and those of maps by "COLUMN:KEY".
func (n *names) cells(table string, r raw) map[string]string {
	cells := make(map[string]string)
	set := func(column, value string) {
		if free.MatchString(table+" "+column) && value != "" && value != "0" && value != "-1" {
			value = "some"
		}
		cells[column] = value
	}
	for column, value := range r {
		if strings.HasPrefix(column, "_") || slices.Contains(volatile[table], column) {
			continue
		}
		pairs, isMap := mapOf(value)
		if !isMap {
			set(column, n.value(value))
		}
		for _, pair := range pairs {
			set(column+":"+n.value(pair[0]), n.value(pair[1]))
		}
	}
	return cells
}

func mapOf(value any) (pairs [][2]any, ok bool) {
	v, ok := value.([]any)
	if !ok || v[0] != "map" {
		return nil, false
	}
	for _, element := range v[1].([]any) {
		pair := element.([]any)
		pairs = append(pairs, [2]any{pair[0], pair[1]})
	}
	return pairs, true
}

// value is an atom or a set, in an order that does not depend on UUIDs.
func (n *names) value(value any) string {
	v, ok := value.([]any)
	if !ok || v[0] != "set" {
		return n.named(atom(value))
	}
	var all []string
	for _, element := range v[1].([]any) {
		all = append(all, n.named(atom(element)))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func atom(value any) string {
	if v, ok := value.([]any); ok { // ["uuid", "…"]
		return fmt.Sprint(v[1])
	}
	return fmt.Sprint(value)
}

var uuid = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// named replaces UUIDs of known rows by their names, also within a text: names of conntrack zones have one.
func (n *names) named(text string) string {
	text = uuid.ReplaceAllStringFunc(text, func(id string) string {
		if name, ok := n.byUUID[id]; ok {
			return name
		}
		return id
	})
	return strings.ReplaceAll(text, n.folder, "DIR")
}
