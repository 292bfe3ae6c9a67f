package rows

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/flowhost/flowhost/e2e/meant"
)

const (
	chassis  = "10000000-0000-4000-8000-000000000001"
	encap    = "10000000-0000-4000-8000-000000000002"
	datapath = "10000000-0000-4000-8000-000000000003"
	queue    = "10000000-0000-4000-8000-000000000004"
	qos      = "10000000-0000-4000-8000-000000000005"
)

// content is what a node's databases hold, as an ovsdb-server tells it.
const content = `{
	"Chassis": [{"_uuid": ["uuid", "` + chassis + `"], "name": "hv1", "encaps": ["uuid", "` + encap + `"],
		"other_config": ["map", [["ovn-monitor-all", "false"]]], "transport_zones": ["set", ["b", "a"]]}],
	"Encap": [{"_uuid": ["uuid", "` + encap + `"], "chassis_name": "hv1", "type": "geneve", "ip": "127.0.0.1"}],
	"Datapath_Binding": [{"_uuid": ["uuid", "` + datapath + `"], "external_ids": ["map", [["name", "ls0"]]]}],
	"Port_Binding": [{"_uuid": ["uuid", "x"], "logical_port": "p0", "chassis": ["uuid", "` + chassis + `"], "tunnel_key": 7,
		"datapath": ["uuid", "` + datapath + `"], "encap": ["set", []]}],
	"Bridge": [{"_uuid": ["uuid", "y"], "name": "br-int", "datapath_id": "1",
		"external_ids": ["map", [["ct-zone-` + datapath + `_snat", "3"], ["socket", "unix:/tmp/here/run/br-int.mgmt"]]]}],
	"Port": [{"_uuid": ["uuid", "z"], "name": "eth", "qos": ["uuid", "` + qos + `"]}],
	"QoS": [{"_uuid": ["uuid", "` + qos + `"], "type": "linux-htb", "queues": ["map", [[0, ["uuid", "` + queue + `"]]]]}],
	"Queue": [{"_uuid": ["uuid", "` + queue + `"], "dscp": 4}]
}`

func named(t *testing.T) Rows {
	t.Helper()
	var tables map[string][]raw
	decoder := json.NewDecoder(bytes.NewReader([]byte(content)))
	decoder.UseNumber()
	if err := decoder.Decode(&tables); err != nil {
		t.Fatal(err)
	}
	n, all := newNames(tables, "/tmp/here"), make(Rows)
	for table, rows := range tables {
		n.rows(table, rows, all)
	}
	return all
}

func TestNames(t *testing.T) {
	all := named(t)
	for _, c := range []struct{ table, row, column, want string }{
		{"Chassis", "hv1", "encaps", "hv1 geneve 127.0.0.1"},
		{"Chassis", "hv1", "other_config:ovn-monitor-all", "false"},
		{"Chassis", "hv1", "transport_zones", "a, b"},
		{"Encap", "hv1 geneve 127.0.0.1", "ip", "127.0.0.1"},
		{"Port_Binding", "p0", "chassis", "hv1"},
		{"Port_Binding", "p0", "datapath", "ls0"},
		{"Port_Binding", "p0", "encap", ""},
		{"Port_Binding", "p0", "tunnel_key", "some"},
		{"Bridge", "br-int", "external_ids:ct-zone-ls0_snat", "some"},
		{"Bridge", "br-int", "external_ids:socket", "unix:DIR/run/br-int.mgmt"},
		{"Port", "eth", "qos", "queues:0=dscp=4 type=linux-htb"},
		{"Queue", "dscp=4", "dscp", "4"},
	} {
		if got, there := all[Key{c.table, c.row}][c.column]; got != c.want || !there {
			t.Errorf("%s %s %s: got %q, want %q", c.table, c.row, c.column, got, c.want)
		}
	}
	if id, there := all[Key{"Bridge", "br-int"}]["datapath_id"]; there {
		t.Errorf("a column that nobody decides is compared: %q", id)
	}
}

func TestCompare(t *testing.T) {
	ours, theirs := named(t), named(t)
	if r := Compare("lonely, step one", ours, theirs, nil); len(r.Differences) > 0 || r.Rows != len(ours) {
		t.Fatalf("the same: %+v", r)
	}
	known, err := meant.Read(strings.NewReader("# none\n\ndiffer Chassis ^lonely, .*: hv1: transport_zones= # they do as they like\nonly-theirs Queue step one: dscp # nobody queues\n" +
		"only-ours Port step two # somewhere else\n"))
	if err != nil {
		t.Fatal(err)
	}
	ours[Key{"Chassis", "hv1"}]["transport_zones"] = "a"
	ours[Key{"Chassis", "hv1"}]["other_config:more"] = "1"
	delete(ours[Key{"Port_Binding", "p0"}], "chassis")
	delete(ours, Key{"Queue", "dscp=4"})
	ours[Key{"Port", "more"}] = map[string]string{"name": "more"}
	var got []string
	r := Compare("lonely, step one", ours, theirs, known)
	for _, d := range r.Differences {
		got = append(got, d.Outcome.String()+" "+d.Table+" "+d.String()+" # "+d.Reason)
	}
	want := []string{
		`differ Chassis hv1: other_config:more="1", theirs "" # `,
		`differ Chassis hv1: transport_zones="a", theirs "a, b" # they do as they like`,
		`only ours Port more: name=more # `,
		`differ Port_Binding p0: chassis="", theirs "hv1" # `,
		`only theirs Queue dscp=4: dscp=4 # nobody queues`,
	}
	if !slices.Equal(got, want) || r.Unmeant() != 3 {
		t.Errorf("%d unmeant of:\n%s\nwant:\n%s", r.Unmeant(), strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, bad := range []string{"differ Chassis x", "same Chassis x # why", "differ Chassis ( # why"} {
		if _, err := meant.Read(strings.NewReader(bad)); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}
