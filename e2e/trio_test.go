package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowhost/flowhost/internal/ovstest"
)

// toRouter is how the workloads of a trio reach each other.
func toRouter(int) string { return "0a:ff:00:00:00:00" }

// trio is a switch whose flows come from three sources, with two workloads between which packets need flows of all three:
//
//	access     table 0: says where a packet belongs, and what it asks tables 66 and 20
//	neighbor   table 66: the Ethernet address of the destination, from a MAC_Binding
//	delivery   table 20: the group of that address, and the group its port
type trio struct {
	*host
	relay            *relay
	total            int // flows in the switch
	a, b             *workload
	access, delivery *sourceFile
	way              []string // of a packet and its answer: parts of the flows' texts
}

// sourceFile is the file that tells a testsource what to want.
type sourceFile struct {
	path   string
	flows  []string
	others []string // groups and meters
}

// write says how the source tells its flows when it starts next.
func (f *sourceFile) write(t testing.TB, seed int, delay time.Duration) {
	t.Helper()
	lines := slices.Concat([]string{fmt.Sprint("seed ", seed), fmt.Sprint("delay ", delay)}, f.others, f.flows)
	text := strings.Join(lines, "\n") + "\n"
	err := os.WriteFile(f.path+".new", []byte(text), 0o600)
	if err == nil {
		err = os.Rename(f.path+".new", f.path)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// sharedKeys is how many keys access and delivery both want. What is in the switch is either's, or a clause of both: so it must
// wait for the other when one has spoken.
const sharedKeys = 200

// otherGroups is how many groups there are beside those of the way.
const otherGroups = 200

// newTrio starts a trio of so many flows, a tenth of them neighbor's.
func newTrio(t testing.TB, flows int) *trio {
	s := newSwitch(t, ovstest.Options{OVN: true})
	s.Nbctl(t, append([]string{"--wait=sb"}, commands(network)...)...)
	tr := &trio{
		a: newWorkload(t, s, 1, toRouter), b: newWorkload(t, s, 2, toRouter),
		relay: newRelay(t, s), total: flows,
		access:   &sourceFile{path: filepath.Join(s.Dir, "access")},
		delivery: &sourceFile{path: filepath.Join(s.Dir, "delivery")},
	}
	tr.bind(t, s, flows/20)
	tr.connect(t, s)
	tr.share()
	tr.access.flows = append(tr.access.flows, filler(10, flows*45/100-len(tr.access.flows))...)
	for id := range otherGroups {
		tr.delivery.others = append(tr.delivery.others, fmt.Sprintf("group_id=%d,type=all,bucket=actions=output:%d", 10+id, 1+id%2))
	}
	tr.delivery.flows = append(tr.delivery.flows, filler(21, flows*45/100-len(tr.delivery.flows)+sharedKeys)...)
	tr.access.write(t, 1, 0)
	tr.delivery.write(t, 2, 0)
	tr.host = newHost(t, s, tr.args(t)...)
	return tr
}

// connect makes the flows of the way between the workloads.
func (tr *trio) connect(t testing.TB, s *ovstest.Sandbox) {
	datapath := strings.TrimSpace(s.Sbctl(t, "get", "Port_Binding", "lr0-ls0", "datapath"))
	metadata := strings.TrimSpace(s.Sbctl(t, "get", "Datapath_Binding", datapath, "tunnel_key"))
	port := strings.TrimSpace(s.Sbctl(t, "get", "Port_Binding", "lr0-ls0", "tunnel_key"))
	for _, w := range []*workload{tr.a, tr.b} {
		tr.access.flows = append(tr.access.flows, fmt.Sprintf("table=0,priority=100,ip,in_port=%d actions=set_field:%s->metadata,set_field:%s->reg15,"+
			"move:NXM_OF_IP_DST[]->NXM_NX_REG0[],resubmit(,66),resubmit(,20)", w.n, metadata, port))
		tr.delivery.flows = append(tr.delivery.flows, fmt.Sprintf("table=20,priority=100,dl_dst=%s actions=meter:%d,group:%[2]d", w.mac, w.n))
		tr.delivery.others = append(tr.delivery.others, fmt.Sprintf("meter=%d,pktps,bands=type=drop,rate=100000", w.n),
			fmt.Sprintf("group_id=%d,type=select,bucket=actions=output:%[1]d", w.n))
		tr.way = append(tr.way, fmt.Sprintf("in_port=%d ", w.n), "set_field:"+w.mac+"->eth_dst", "dl_dst="+w.mac+" ")
	}
}

// share makes flows of both, in table 30: half of them are clauses of conjunctions, and of the others each wins half.
func (tr *trio) share() {
	for i := range sharedKeys {
		key := fmt.Sprintf("table=30,priority=100,ip,nw_src=10.9.%d.%d actions=", i>>8, i&255)
		access, delivery := "conjunction(1,1/2)", "conjunction(100,1/2)"
		switch i % 4 {
		case 0:
			access, delivery = "resubmit(,10)", "drop"
		case 1:
			access, delivery = "drop", "resubmit(,20)"
		}
		tr.access.flows = append(tr.access.flows, key+access)
		tr.delivery.flows = append(tr.delivery.flows, key+delivery)
	}
}

// bind makes n MAC bindings, those of the workloads among them.
func (tr *trio) bind(t testing.TB, s *ovstest.Sandbox, n int) {
	common := "logical_port=lr0-ls0 datapath=" + strings.TrimSpace(s.Sbctl(t, "get", "Port_Binding", "lr0-ls0", "datapath"))
	var rows []string
	for _, w := range []*workload{tr.a, tr.b} {
		rows = append(rows, fmt.Sprintf(`create MAC_Binding %s ip=%s mac="%s"`, common, w.ip, w.mac))
	}
	for i := len(rows); i < n; i++ {
		rows = append(rows, fmt.Sprintf(`create MAC_Binding %s ip=10.%d.%d.%d mac="0e:00:00:%02x:%02x:%02x"`,
			common, 100+i>>16, i>>8&255, i&255, i>>16, i>>8&255, i&255))
	}
	for len(rows) > 0 {
		some := min(len(rows), 1000)
		s.Sbctl(t, commands(rows[:some])...)
		rows = rows[some:]
	}
}

// filler makes n flows in tables from the one given on that no packet meets.
func filler(table, n int) []string {
	var flows []string
	for i := range n {
		flows = append(flows, fmt.Sprintf("table=%d,priority=%d,ip,metadata=%d,reg15=%d,nw_dst=10.%d.%d.%d actions=set_field:%d->reg13,resubmit(,%d)",
			table+i%4, 100+i%3, i%50, i%200, i>>16, i>>8&255, i&255, i, table+i%4+1))
	}
	return flows
}

// args are those of flowhost with the three sources, and more lines for its configuration.
func (tr *trio) args(t testing.TB, more ...string) []string {
	t.Helper()
	config := filepath.Join(filepath.Dir(tr.access.path), "config.yaml")
	lines := append(more, "plugins:",
		fmt.Sprintf("  - {name: neighbor, path: %s}", program(t, "flowhost-plugin-neighbor")),
		fmt.Sprintf("  - {name: access, path: %s, args: [%s], slot: 5, tables: [0, 10-13, 30], conjunctions: [1-99]}", program(t, "testsource"), tr.access.path),
		fmt.Sprintf("  - {name: delivery, path: %s, args: [%s], slot: 6, tables: [20-24, 30], conjunctions: [100-199], groups: [1-999], meters: [1-9]}",
			program(t, "testsource"), tr.delivery.path))
	if err := os.WriteFile(config, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"--config=" + config, "--switch=" + tr.relay.target}
}

// awaitQuiet waits until everything that is wanted is known and in the switch, and nothing is waited for.
func (tr *trio) awaitQuiet(t testing.TB) {
	t.Helper()
	patience := settle + time.Duration(tr.total/5000)*time.Second // a soak has half a million flows
	ovstest.Eventually(t, patience, func() error {
		s, err := tr.status()
		if err != nil {
			return err
		}
		f := s.Flows
		if !s.Ready || s.Switch.Phase != "steady" || f.Desired != tr.total+sharedKeys || f.Installed != tr.total || f.Stale+f.Held+f.Orphans+f.Quarantined > 0 {
			return fmt.Errorf("flowhost says %+v", s)
		}
		return nil
	})
	time.Sleep(500 * time.Millisecond) // what would be sent now is sent for nothing
	if out, err := tr.Run(tr.cli, "diff", "--socket="+tr.socket()); err != nil || out != "" {
		t.Fatalf("flowhost diff: %v\n%s", err, out)
	}
}
