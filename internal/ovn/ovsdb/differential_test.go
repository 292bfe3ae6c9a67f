package ovsdb

import (
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// cutter stands between a client and a server, and cuts the connections: at once, or in the middle of what is being said.
type cutter struct {
	listener net.Listener
	server   string // the path of the server's socket

	mu    sync.Mutex
	conns []net.Conn
	left  int // bytes that the server may say before the cut; negative: no cut
}

func startCutter(t testing.TB, server string) *cutter {
	t.Helper()
	listener, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{listener: listener, server: strings.TrimPrefix(server, "unix:"), left: -1}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { c.forward(conn) })
		}
	})
	t.Cleanup(func() { listener.Close(); c.cut(); running.Wait() })
	return c
}

func (c *cutter) endpoint() string { return "unix:" + c.listener.Addr().String() }

func (c *cutter) forward(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("unix", c.server)
	if err != nil {
		return
	}
	defer server.Close()
	c.mu.Lock()
	c.conns = append(c.conns, client, server)
	c.mu.Unlock()
	var up sync.WaitGroup
	up.Go(func() { io.Copy(server, client); server.Close() })
	io.Copy(client, &rationed{c, server})
	client.Close()
	up.Wait()
}

// rationed reads what the server says, until the ration is used up.
type rationed struct {
	c      *cutter
	server net.Conn
}

func (r *rationed) Read(b []byte) (int, error) {
	n, err := r.server.Read(b)
	r.c.mu.Lock()
	defer r.c.mu.Unlock()
	if r.c.left >= 0 {
		if n > r.c.left {
			n, err, r.c.left = r.c.left, io.EOF, -1
			return n, err
		}
		r.c.left -= n
	}
	return n, err
}

// cut ends all connections.
func (c *cutter) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.conns {
		conn.Close()
	}
	c.conns = nil
}

// cutAfter ends the connection on which the server has said so many bytes.
func (c *cutter) cutAfter(bytes int) {
	c.mu.Lock()
	c.left = bytes
	c.mu.Unlock()
}

// Random transactions of another client, with connections cut and conditions changed all the time: at each quiet point, our
// rows are those that ovsdb-client reads and that match the conditions; and the batches, applied to nothing, gave them.
func TestDifferential(t *testing.T) {
	rounds := 5
	if soaking() {
		rounds = 60
	}
	for name, start := range map[string]func(testing.TB) (*ovstest.Sandbox, string){
		"standalone": func(t testing.TB) (*ovstest.Sandbox, string) {
			s := ovstest.StartServer(t, ovstest.SouthboundSchema)
			return s, s.OVSDB()
		},
		"clustered": func(t testing.TB) (*ovstest.Sandbox, string) { // where sessions go on from a transaction
			c := startCluster(t, 1)
			return c.Sandbox, c.endpoint(c.names[0])
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, endpoint := start(t)
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			d := &differential{t: t, Sandbox: s, endpoint: endpoint, Rand: rand.New(rand.NewPCG(seed, 0)), cutter: startCutter(t, endpoint)}
			d.run(rounds, 15)
		})
	}
}

type differential struct {
	t testing.TB
	*ovstest.Sandbox
	*rand.Rand
	endpoint  string
	cutter    *cutter
	writer    *consumer // commits the transactions
	follower  *consumer // is cut off
	datapaths []string  // there were at the last quiet point
}

func (d *differential) run(rounds, transactions int) {
	tables := []Table{{Name: sb.AddressSetTable}, {Name: sb.DatapathBindingTable}, {Name: sb.PortBindingTable}}
	d.writer = consume(d.t, sbConfig(d.t, d.endpoint))
	d.writer.untilPhase(Ready)
	d.follower = consume(d.t, sbConfig(d.t, d.cutter.endpoint(), tables...))
	refused := 0
	for range rounds {
		for range transactions {
			operations := []Operation{d.operation()}
			for d.IntN(3) > 0 {
				operations = append(operations, d.operation())
			}
			if _, err := d.writer.Transact(d.t.Context(), operations...); err != nil {
				refused++ // a name twice, mostly
			}
			d.disturb()
		}
		d.quiet()
	}
	if refused > rounds*transactions/2 {
		d.t.Errorf("%d transactions were refused", refused)
	}
}

// disturb does what clients have to live with.
func (d *differential) disturb() {
	switch d.IntN(8) {
	case 0:
		d.cutter.cut()
	case 1:
		d.cutter.cutAfter(d.IntN(20_000))
	case 2:
		where := Where{}
		if len(d.datapaths) > 0 && d.IntN(3) > 0 {
			where = Any(Equal("logical_port", fmt.Sprint("port", d.IntN(30))), Equal("tunnel_key", d.IntN(30)+1))
		}
		if _, err := d.follower.SetConditions(map[string]Where{sb.PortBindingTable: where}); err != nil {
			d.t.Fatal(err)
		}
	}
}

// operation is one that mostly succeeds.
func (d *differential) operation() Operation {
	n := d.IntN(30)
	name := fmt.Sprint("as", n)
	switch d.IntN(7) {
	case 0:
		return addressSet(name, d.words()...)
	case 1:
		return deleteByName(sb.AddressSetTable, name)
	case 2:
		mutator := libovsdb.MutateOperationInsert
		if d.IntN(2) == 0 {
			mutator = libovsdb.MutateOperationDelete
		}
		return Operation{Op: libovsdb.OperationMutate, Table: sb.AddressSetTable, Where: []Condition{Equal("name", name)},
			Mutations: []libovsdb.Mutation{{Column: "addresses", Mutator: mutator, Value: stringSet(d.words()...)}}}
	case 3:
		return datapath(d.IntN(1000)+1, d.pairs())
	case 4:
		return Operation{Op: libovsdb.OperationUpdate, Table: sb.DatapathBindingTable, Where: []Condition{d.tunnelKeys()},
			Row: libovsdb.Row{"external_ids": notation(d.pairs()), "load_balancers": libovsdb.OvsSet{}}}
	case 5:
		return d.port(n)
	default:
		return Operation{Op: libovsdb.OperationUpdate, Table: sb.PortBindingTable, Where: []Condition{Equal("logical_port", fmt.Sprint("port", n))},
			Row: libovsdb.Row{"tag": d.optional(d.IntN(4000)), "up": d.optional(d.IntN(2) == 0), "mac": stringSet(d.words()...), "options": notation(d.pairs())}}
	}
}

func (d *differential) tunnelKeys() Condition {
	return libovsdb.NewCondition("tunnel_key", libovsdb.ConditionLessThan, d.IntN(1000))
}

// port inserts a Port_Binding.
func (d *differential) port(n int) Operation {
	if len(d.datapaths) == 0 {
		return addressSet(fmt.Sprint("as", n+100))
	}
	return Operation{Op: libovsdb.OperationInsert, Table: sb.PortBindingTable, Row: libovsdb.Row{
		"logical_port": fmt.Sprint("port", n), "tunnel_key": d.IntN(300) + 1, "type": "patch",
		"datapath": libovsdb.UUID{GoUUID: d.datapaths[d.IntN(len(d.datapaths))]}, "options": notation(d.pairs())}}
}

// words are some that need care in JSON, too.
func (d *differential) words() []string {
	all := []string{"", "a", "b\"c", "back\\slash", "tab\t", "ä€😀", "10.0.0.1", strings.Repeat("x", 5000)}
	d.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:d.IntN(len(all))]
}

func (d *differential) pairs() map[string]string {
	pairs := map[string]string{}
	for _, word := range d.words() {
		pairs[word] = fmt.Sprint(d.IntN(3))
	}
	return pairs
}

func (d *differential) optional(value any) libovsdb.OvsSet {
	if d.IntN(3) == 0 {
		return libovsdb.OvsSet{}
	}
	return libovsdb.OvsSet{GoSet: []any{value}}
}

// quiet waits until the follower has caught up, and compares.
func (d *differential) quiet() {
	d.t.Helper()
	d.cutter.cutAfter(-1)
	d.follower.untilEqual(d.Sandbox, d.endpoint, sb.AddressSetTable)
	d.follower.untilEqual(d.Sandbox, d.endpoint, sb.DatapathBindingTable)
	d.follower.mu.Lock()
	d.datapaths = nil
	for id := range d.follower.rows[sb.DatapathBindingTable] {
		d.datapaths = append(d.datapaths, id.String())
	}
	slices.Sort(d.datapaths)
	d.follower.mu.Unlock()

	d.follower.Client.mu.Lock()
	wanted := d.follower.Client.wanted
	d.follower.Client.mu.Unlock()
	d.follower.untilEpoch(wanted.epoch)
	all := dump(d.t, d.Sandbox, d.endpoint, sb.PortBindingTable)
	maps.DeleteFunc(all, func(_ uuid.UUID, row Model) bool { return !matches(wanted.where[2], row.(*sb.PortBinding)) })
	d.follower.until(func() error {
		if diff := differences(all, d.follower.rows[sb.PortBindingTable]); diff != "" {
			return fmt.Errorf("Port_Binding differs from the server (-want +got):\n%s", diff)
		}
		return nil
	})
}

// matches is what the server should make of the conditions that disturb sets.
func matches(w Where, row *sb.PortBinding) bool {
	if !w.limited {
		return true
	}
	return slices.ContainsFunc(w.any, func(c Condition) bool {
		return c.Column == "logical_port" && c.Value == row.LogicalPort || c.Column == "tunnel_key" && c.Value == row.TunnelKey
	})
}
