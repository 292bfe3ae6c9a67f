package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/flowhost/flowhost/internal/ovstest"
)

// neighborTables are those that the neighbor plugin writes.
var neighborTables = []int{66, 67, 71, 72}

// network is two switches here, joined by a router, and another pair that is elsewhere.
var network = []string{
	"lr-add lr0", "lr-add lr1",
	"ls-add ls0", "lrp-add lr0 lr0-ls0 0a:ff:00:00:00:00 10.0.0.254/24 fd00::fffe/64",
	"lsp-add ls0 ls0-lr0", "lsp-set-type ls0-lr0 router", "lsp-set-addresses ls0-lr0 router", "lsp-set-options ls0-lr0 router-port=lr0-ls0",
	"ls-add ls1", "lrp-add lr0 lr0-ls1 0a:ff:00:00:00:01 10.0.1.254/24",
	"lsp-add ls1 ls1-lr0", "lsp-set-type ls1-lr0 router", "lsp-set-addresses ls1-lr0 router", "lsp-set-options ls1-lr0 router-port=lr0-ls1",
	"ls-add ls2", "lrp-add lr1 lr1-ls2 0a:ff:00:00:00:02 10.0.2.254/24",
	"lsp-add ls2 ls2-lr1", "lsp-set-type ls2-lr1 router", "lsp-set-addresses ls2-lr1 router", "lsp-set-options ls2-lr1 router-port=lr1-ls2",
	"lsp-add ls0 vif0", "lsp-set-addresses vif0 unknown", "lsp-add ls0 vif1", "lsp-set-addresses vif1 unknown",
	"lsp-add ls2 vif2", "lsp-set-addresses vif2 unknown",
}

// rows makes, changes and deletes rows at random, through ovn-nbctl and ovn-sbctl.
type rows struct {
	t      testing.TB
	s      *ovstest.Sandbox
	random *rand.Rand
	good   bool                // no addresses that are none
	last   int                 // number that an address was made from; each is used once
	made   map[string][]string // UUIDs by table
	known  map[string]string   // what get has read
}

func newRows(t testing.TB, s *ovstest.Sandbox) *rows {
	seed := rand.Uint64()
	if text := os.Getenv("FLOWHOST_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("to repeat: FLOWHOST_SEED=%d", seed)
	return &rows{t: t, s: s, random: rand.New(rand.NewPCG(seed, 0)), made: map[string][]string{}, known: map[string]string{}}
}

// steps does n inserts, changes and deletes.
func (r *rows) steps(n int) {
	for range n {
		table := r.pick("MAC_Binding", "MAC_Binding", "FDB", "Static_MAC_Binding")
		made := r.made[table]
		if len(made) < 10 || r.random.IntN(3) == 0 {
			r.insert(table)
			continue
		}
		i := r.random.IntN(len(made))
		if r.random.IntN(2) == 0 {
			r.change(table, made[i])
		} else {
			r.ctl(table, "destroy", table, made[i])
			r.made[table] = append(made[:i:i], made[i+1:]...)
		}
	}
}

func (r *rows) insert(table string) {
	port := r.pick("lr0-ls0", "lr0-ls0", "lr0-ls1", "lr1-ls2")
	switch table {
	case "MAC_Binding":
		r.bind(port)
	case "FDB": // ovn-northd removes those of ports that are not there
		r.learn(r.pick("vif0", "vif1", "vif2"))
	case "Static_MAC_Binding": // ovn-northd makes these of the northbound database's
		r.create(table, "logical_port="+port, "ip="+r.ip(), "mac="+r.mac(), "override_dynamic_mac="+r.pick("true", "false"))
	}
}

// bind makes a MAC binding on a port.
func (r *rows) bind(port string) {
	r.create("MAC_Binding", "logical_port="+port, "ip="+r.ip(), "mac="+r.mac(), "datapath="+r.get("Port_Binding", port, "datapath"))
}

// learn makes an FDB row of a port.
func (r *rows) learn(port string) {
	r.create("FDB", "mac="+r.mac(), "port_key="+r.get("Port_Binding", port, "tunnel_key"),
		"dp_key="+r.get("Datapath_Binding", r.get("Port_Binding", port, "datapath"), "tunnel_key"))
}

func (r *rows) create(table string, columns ...string) {
	out := r.ctl(table, append([]string{"create", table}, columns...)...)
	r.made[table] = append(r.made[table], strings.TrimSpace(out))
}

func (r *rows) change(table, id string) {
	column := "mac=" + r.mac()
	if table != "FDB" && r.random.IntN(3) == 0 {
		column = "ip=" + r.ip()
	}
	r.ctl(table, "set", table, id, column)
}

// ip is an address, or now and then something that is none.
func (r *rows) ip() string {
	r.last++
	switch kind := r.random.IntN(8); {
	case kind == 0 && !r.good:
		return quote(fmt.Sprintf("bad%d", r.last))
	case kind < 4:
		return quote(fmt.Sprintf("fd00::%x", r.last))
	}
	return quote(fmt.Sprintf("10.77.%d.%d", r.last>>8, r.last&255))
}

func (r *rows) mac() string {
	r.last++
	if r.random.IntN(10) == 0 && !r.good {
		return quote(fmt.Sprintf("bad%d", r.last))
	}
	return quote(fmt.Sprintf("0e:00:00:00:%02x:%02x", r.last>>8, r.last&255))
}

// quote keeps colons from being taken for those of a map.
func quote(s string) string { return `"` + s + `"` }

func (r *rows) pick(from ...string) string { return from[r.random.IntN(len(from))] }

// ctl runs a database command on the database that a table's rows come from.
func (r *rows) ctl(table string, args ...string) string {
	if table == "Static_MAC_Binding" {
		return r.s.Nbctl(r.t, args...)
	}
	return r.s.Sbctl(r.t, args...)
}

// get reads a column that has a number or a UUID, and never changes.
func (r *rows) get(table, record, column string) string {
	key := table + " " + record + " " + column
	if r.known[key] == "" {
		r.known[key] = strings.TrimSpace(r.s.Sbctl(r.t, "get", table, record, column))
	}
	return r.known[key]
}

// The flows of neighbours are ovn-controller's, whatever happens to rows and processes, and none is made anew without need.
func TestNeighborParity(t *testing.T) {
	p := startPair(t, network, []string{"vif0", "vif1"})
	rows := newRows(t, p.Sandbox)
	rows.steps(20)
	p.Nbctl(t, "--wait=sb", "sync")
	if flows := p.awaitEqual(t, neighborTables...); len(flows) < 10 {
		t.Fatalf("only %d flows are compared", len(flows))
	}

	rows.steps(200)
	p.Nbctl(t, "--wait=sb", "sync")
	t.Logf("%d flows", len(p.awaitEqual(t, neighborTables...)))

	for _, restart := range []struct {
		name    string
		restart func(t *testing.T)
		fresh   bool // the switch is a new one, and so are its flows
	}{
		{"southbound database", func(t *testing.T) { p.Kill(t, ovstest.Southbound); p.Start(t, ovstest.Southbound) }, false},
		{"ovs-vswitchd", func(t *testing.T) {
			for _, s := range p.both() {
				s.Kill(t, ovstest.Vswitchd)
				s.Start(t, ovstest.Vswitchd)
			}
		}, true},
		{"plugin", func(t *testing.T) { p.killPlugin(t, rows) }, false},
		{"host", func(t *testing.T) { p.killHost(t, rows) }, false},
	} {
		t.Run(restart.name, func(t *testing.T) {
			before := statsOf(t, p.flowhost.Sandbox, neighborTables...)
			restart.restart(t)
			p.awaitEqual(t, neighborTables...)
			rows.steps(10)
			p.awaitEqual(t, neighborTables...)
			if after := statsOf(t, p.flowhost.Sandbox, neighborTables...); !restart.fresh {
				after.checkGoOn(t, before)
			}
		})
	}
}

// killPlugin kills the plugin and waits for the next, with changes in between.
func (p *pair) killPlugin(t *testing.T, rows *rows) {
	plugin := p.flowhost.awaitReady(t, "neighbor", 0)
	if err := syscall.Kill(plugin, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	rows.steps(5)
	p.flowhost.awaitReady(t, "neighbor", plugin)
}

// killHost kills flowhost, and starts it again after some changes.
func (p *pair) killHost(t *testing.T, rows *rows) {
	plugin := p.flowhost.awaitReady(t, "neighbor", 0)
	p.flowhost.Kill(t, hostName)
	rows.steps(5)
	p.flowhost.Start(t, hostName)
	p.flowhost.awaitReady(t, "neighbor", plugin)
}
