package local

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
)

// insert feeds a new row.
func insert(s *State, table string, n int, row ovsdb.Model) {
	s.Change(ovsdb.Change{UUID: number(table, n), New: row})
}

func number(table string, n int) uuid.UUID {
	return uuid.NewSHA1(uuid.Nil, fmt.Appendf(nil, "%s %d", table, n))
}

// plug makes an interface for a logical port on br-int.
func plug(s *State, name string) {
	ofport := 1
	insert(s, "open", 0, &vswitch.OpenvSwitch{ExternalIDs: map[string]string{"system-id": "hv1"}})
	insert(s, "bridge", 0, &vswitch.Bridge{Name: "br-int", Ports: []string{number("port", 0).String()}})
	insert(s, "port", 0, &vswitch.Port{Interfaces: []string{number("interface", 0).String()}})
	insert(s, "interface", 0, &vswitch.Interface{Ofport: &ofport, ExternalIDs: map[string]string{"iface-id": name}})
}

// chain makes n datapaths with tunnel keys from 1, each joined to the next by patch ports, and VIF "vif" on the first.
func chain(s *State, n int) {
	binding := 0
	bind := func(row *sb.PortBinding, datapath int) {
		row.Datapath, row.TunnelKey = number("datapath", datapath).String(), binding%3+1
		insert(s, "binding", binding, row)
		binding++
	}
	for i := range n {
		insert(s, "datapath", i, &sb.DatapathBinding{TunnelKey: i + 1})
		up, down := fmt.Sprint("up", i), fmt.Sprint("down", i+1)
		bind(&sb.PortBinding{LogicalPort: up, Type: "patch", Options: map[string]string{"peer": down}}, i)
		bind(&sb.PortBinding{LogicalPort: down, Type: "patch", Options: map[string]string{"peer": up}}, i+1)
	}
	bind(&sb.PortBinding{LogicalPort: "vif"}, 0)
}

// ovn-controller's flood ends 100 datapaths away, too.
func TestFloodEndsAfterMaxHops(t *testing.T) {
	s := New("br-int")
	chain(s, 150)
	plug(s, "vif")
	delta := s.Settle()
	if !s.HasKey(101) || s.HasKey(102) || len(delta.Datapaths) != 101 {
		t.Errorf("%d datapaths are local, key 101: %v, 102: %v; want 101, true, false", len(delta.Datapaths), s.HasKey(101), s.HasKey(102))
	}
}

// A switch's peers are the routers behind patch ports, and gateway routers that are here.
func TestPeers(t *testing.T) {
	s := New("br-int")
	plug(s, "vif")
	insert(s, "datapath", 0, &sb.DatapathBinding{TunnelKey: 1})
	insert(s, "datapath", 1, &sb.DatapathBinding{TunnelKey: 2})
	insert(s, "binding", 0, &sb.PortBinding{LogicalPort: "vif", Datapath: number("datapath", 0).String(), TunnelKey: 1})
	for i, router := range []struct{ name, kind, chassis string }{
		{"everywhere", "patch", ""}, {"here", "l3gateway", "hv1"}, {"there", "l3gateway", "hv2"}, {"nowhere", "l3gateway", ""},
	} {
		for side, name := range []string{"to-" + router.name, router.name} {
			peer := []string{router.name, "to-" + router.name}[side]
			insert(s, "binding", 1+2*i+side, &sb.PortBinding{LogicalPort: name, Type: router.kind, TunnelKey: 2 + i,
				Datapath: number("datapath", side).String(), Options: map[string]string{"peer": peer, "l3gateway-chassis": router.chassis}})
		}
	}
	s.Settle()
	peers := func() (names []string) {
		for row := range s.Peers(number("datapath", 0).String()) {
			names = append(names, row.LogicalPort)
		}
		slices.Sort(names)
		return names
	}
	if got, want := peers(), []string{"everywhere", "here"}; !slices.Equal(got, want) {
		t.Errorf("peers are %v, want %v", got, want)
	}
	insert(s, "open", 0, &vswitch.OpenvSwitch{ExternalIDs: map[string]string{"system-id": "hv2"}})
	s.Settle()
	if got, want := peers(), []string{"everywhere", "there"}; !slices.Equal(got, want) {
		t.Errorf("on another chassis peers are %v, want %v", got, want)
	}
}

func TestSetting(t *testing.T) {
	s := New("br-int")
	if got := s.Setting("ovn-remote"); got != "" {
		t.Errorf("before there is any: %q", got)
	}
	insert(s, "open", 0, &vswitch.OpenvSwitch{ExternalIDs: map[string]string{
		"system-id": "hv1", "ovn-remote": "unix:general", "ovn-remote-hv1": "unix:own", "ovn-remote-hv2": "unix:other", "hostname": "h"}})
	for key, want := range map[string]string{"ovn-remote": "unix:own", "hostname": "h", "system-id": "hv1", "nothing": ""} {
		if got := s.Setting(key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
}

// The tables and columns asked for are those of the schema, and all that the rules read: a State fed with those columns only
// knows no less.
func TestTables(t *testing.T) {
	southbound, err := sb.FullDatabaseModel()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ovsdb.New(ovsdb.Config{Database: "OVN_Southbound", Endpoints: "unix:x", Model: southbound, Tables: SouthboundTables()}); err != nil {
		t.Error(err)
	}
	local, err := vswitch.FullDatabaseModel()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ovsdb.New(ovsdb.Config{Database: "Open_vSwitch", Endpoints: "unix:x", Model: local, Tables: VswitchTables()}); err != nil {
		t.Error(err)
	}
}

// A change costs in proportion to the change, whatever the size of the network: compare the sizes.
func BenchmarkPort(b *testing.B) {
	for _, size := range []int{100, 10_000} {
		b.Run(fmt.Sprint("ports=", size), func(b *testing.B) {
			s := New("br-int")
			chain(s, 50)
			plug(s, "vif")
			for i := range size {
				insert(s, "vif", i, &sb.PortBinding{LogicalPort: fmt.Sprint("vif", i), Datapath: number("datapath", 0).String(), TunnelKey: i + 10})
			}
			s.Settle()
			row := &sb.PortBinding{LogicalPort: "new", Datapath: number("datapath", 0).String(), TunnelKey: 5}
			at := number("new", 0)
			for b.Loop() {
				s.Change(ovsdb.Change{UUID: at, New: row})
				came := s.Settle()
				s.Change(ovsdb.Change{UUID: at, Old: row})
				went := s.Settle()
				if len(came.Ports) != 1 || len(went.Ports) != 1 {
					b.Fatalf("told %v and %v", came, went)
				}
			}
		})
	}
}

// A tunnel's interface may be one of another port, too, which becomes the bridge's.
func TestTunnelSharesInterface(t *testing.T) {
	s := New("br-int")
	ofport, shared := 1, []string{number("interface", 0).String()}
	insert(s, "interface", 0, &vswitch.Interface{Type: "geneve", Ofport: &ofport})
	insert(s, "port", 0, &vswitch.Port{Interfaces: shared, ExternalIDs: map[string]string{"ovn-chassis-id": "hv2@192.0.2.2"}})
	insert(s, "port", 1, &vswitch.Port{Interfaces: shared})
	before := &vswitch.Bridge{Name: "br-int", Ports: []string{number("port", 0).String()}}
	insert(s, "bridge", 0, before)
	after := &vswitch.Bridge{Name: "br-int", Ports: []string{number("port", 1).String(), number("port", 0).String()}}
	s.Change(ovsdb.Change{UUID: number("bridge", 0), Old: before, New: after})
	s.Settle()
	if n := len(s.Tunnels("hv2")); n != 1 {
		t.Errorf("%d tunnels, want 1", n)
	}
}
