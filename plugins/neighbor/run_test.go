package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"

	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/flowhost/flowhost/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorder is a host that writes down what it hears.
type recorder struct {
	events chan sdk.Event

	mu     sync.Mutex
	held   held
	heard  []string // "commit", "sync done", …
	ready  bool
	status string
}

func (r *recorder) Events() <-chan sdk.Event { return r.events }

func (r *recorder) Commit(_ context.Context, operations []operation) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard = append(r.heard, "commit")
	r.held.hear(operations)
	return nil
}

func (r *recorder) SyncBegin(context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held, r.heard = held{}, append(r.heard, "sync begin")
	return nil
}

func (r *recorder) SyncDone(context.Context) (sdk.Revision, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard = append(r.heard, fmt.Sprintf("sync done with %d", len(r.held)))
	return 1, nil
}

func (r *recorder) Status(ready bool, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ready, r.status = ready, text
}

// flows is what the host has, as text, sorted.
func (r *recorder) flows() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []string
	for _, flows := range r.held {
		for _, f := range flows {
			list = append(list, f.String())
		}
	}
	slices.Sort(list)
	return list
}

// await waits until the host has the number of flows, the status holds a text, and the end of what was heard is last (unless "").
func (r *recorder) await(t *testing.T, flows int, status, last string) {
	t.Helper()
	ovstest.Eventually(t, 20*time.Second, func() error {
		got := r.flows()
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(got) != flows || !strings.Contains(r.status, status) || last != "" && (len(r.heard) == 0 || r.heard[len(r.heard)-1] != last) {
			return fmt.Errorf("%d flows, ready %v, status %q, heard %q; want %d, %q, last %q", len(got), r.ready, r.status, r.heard, flows, status, last)
		}
		return nil
	})
}

// start runs the source until the test ends.
func start(t *testing.T, ovsdb string) *recorder {
	r := &recorder{events: make(chan sdk.Event), held: held{}}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() {
		ended <- run(ctx, r, config{ovsdb: ovsdb, bridge: "br-int", logger: hclog.NewNullLogger()})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("run ended with %v", err)
		}
		close(r.events)
	})
	return r
}

// chassis is a local database with a VIF plugged in, which asks for a southbound database.
func chassis(t *testing.T, remote string) *ovstest.Sandbox {
	s := ovstest.StartServer(t, ovstest.VswitchSchema)
	vsctl(t, s, "init", "--", "set", "Open_vSwitch", ".", "external_ids:system-id=hv1", "external_ids:ovn-remote="+remote,
		"--", "add-br", "br-int", "--", "add-port", "br-int", "vif", "--", "set", "Interface", "vif", "external_ids:iface-id=vif", "ofport=1")
	return s
}

func vsctl(t *testing.T, s *ovstest.Sandbox, args ...string) {
	t.Helper()
	if _, err := s.Run("ovs-vsctl", append([]string{"--no-wait", "--db=" + s.OVSDB()}, args...)...); err != nil {
		t.Fatal(err)
	}
}

func sbctl(t *testing.T, s *ovstest.Sandbox, args ...string) {
	t.Helper()
	if _, err := s.Run("ovn-sbctl", append([]string{"--db=" + s.OVSDB()}, args...)...); err != nil {
		t.Fatal(err)
	}
}

// southbound is a southbound database with a VIF and a binding on it.
func southbound(t *testing.T, ip string) *ovstest.Sandbox {
	s := ovstest.StartServer(t, ovstest.SouthboundSchema)
	sbctl(t, s, "--id=@dp", "create", "Datapath_Binding", "tunnel_key=7",
		"--", "create", "Port_Binding", "logical_port=vif", "tunnel_key=3", "datapath=@dp",
		"--", "create", "MAC_Binding", "logical_port=vif", "ip="+quote(ip), "mac="+quote("0a:00:00:00:00:01"), "datapath=@dp")
	return s
}

func quote(s string) string { return `"` + s + `"` }

func datapath(t *testing.T, s *ovstest.Sandbox) string {
	t.Helper()
	out, err := s.Run("ovn-sbctl", "--db="+s.OVSDB(), "--bare", "--columns=_uuid", "find", "Datapath_Binding", "tunnel_key=7")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

// add adds a MAC binding.
func add(t *testing.T, s *ovstest.Sandbox, port, ip, mac string) {
	t.Helper()
	sbctl(t, s, "create", "MAC_Binding", "logical_port="+port, "ip="+quote(ip), "mac="+quote(mac), "datapath="+datapath(t, s))
}

func TestFollowsRows(t *testing.T) {
	s := southbound(t, "10.0.0.1")
	c := chassis(t, s.OVSDB())
	r := start(t, c.OVSDB())
	r.await(t, 2, "following the southbound database at unix:", "sync done with 1")
	if !r.ready {
		t.Error("not ready")
	}
	add(t, s, "vif", "fd00::2", "0a:00:00:00:00:02")
	add(t, s, "vif", "10.0.0.3", "not one")
	add(t, s, "later", "10.0.0.4", "0a:00:00:00:00:04")
	r.await(t, 4, "following", "commit")
	sbctl(t, s, "create", "FDB", "mac="+quote("0a:00:00:00:00:09"), "dp_key=7", "port_key=3",
		"--", "create", "Static_MAC_Binding", "logical_port=vif", "ip=10.0.0.5", "mac="+quote("0a:00:00:00:00:05"),
		"datapath="+datapath(t, s), "override_dynamic_mac=true")
	r.await(t, 8, "following", "commit")
	sbctl(t, s, "create", "Port_Binding", "logical_port=later", "tunnel_key=4", "datapath="+datapath(t, s))
	r.await(t, 10, "following", "commit")
	vsctl(t, c, "set", "Interface", "vif", "ofport=-1")
	r.await(t, 0, "following", "commit")
	vsctl(t, c, "set", "Interface", "vif", "ofport=2")
	r.await(t, 10, "following", "commit")
	sbctl(t, s, "set", "Port_Binding", "vif", "tunnel_key=9")
	ovstest.Eventually(t, 10*time.Second, func() error {
		if flows := fmt.Sprint(r.flows()); strings.Count(flows, "reg15=0x9,") != 3 || strings.Contains(flows, "reg15=0x3,") {
			return fmt.Errorf("flows: %s", flows)
		}
		return nil
	})
}

// SyncDone deletes: it is not said before both databases are there.
func TestWaitsForDatabases(t *testing.T) {
	s := southbound(t, "10.0.0.1")
	c := chassis(t, s.OVSDB())
	s.Stop(t, ovstest.OVSDB)
	c.Stop(t, ovstest.OVSDB)
	r := start(t, c.OVSDB())
	r.await(t, 0, "waiting for the local Open_vSwitch database at "+c.OVSDB(), "")
	c.Start(t, ovstest.OVSDB)
	r.await(t, 0, "waiting for the southbound database at "+s.OVSDB(), "")
	if r.ready || len(r.heard) != 0 {
		t.Fatalf("heard %q, ready %v", r.heard, r.ready)
	}
	s.Start(t, ovstest.OVSDB)
	r.await(t, 2, "following", "sync done with 1")
}

func TestWaitsForSettings(t *testing.T) {
	s := southbound(t, "10.0.0.1")
	c := chassis(t, "nonsense")
	vsctl(t, c, "remove", "Open_vSwitch", ".", "external_ids", "system-id")
	r := start(t, c.OVSDB())
	r.await(t, 0, "waiting for external_ids:system-id", "")
	vsctl(t, c, "set", "Open_vSwitch", ".", "external_ids:system-id=hv1")
	r.await(t, 0, "waiting for another external_ids:ovn-remote than nonsense", "")
	vsctl(t, c, "remove", "Open_vSwitch", ".", "external_ids", "ovn-remote")
	r.await(t, 0, "waiting for external_ids:ovn-remote", "")
	vsctl(t, c, "set", "Open_vSwitch", ".", "external_ids:ovn-remote-hv1="+s.OVSDB())
	r.await(t, 2, "following", "sync done with 1")
}

// While the southbound database is away the flows stay; what comes back is compared with what was.
func TestSouthboundAway(t *testing.T) {
	s := southbound(t, "10.0.0.1")
	c := chassis(t, s.OVSDB())
	r := start(t, c.OVSDB())
	r.await(t, 2, "following", "sync done with 1")
	s.Kill(t, ovstest.OVSDB)
	r.await(t, 2, "waiting for the southbound database", "sync done with 1")
	s.Start(t, ovstest.OVSDB)
	r.await(t, 2, "following", "sync done with 1")
	if len(r.heard) != 2 {
		t.Errorf("heard %q, want one commit and one sync done", r.heard)
	}
}

// Another southbound database means other flows, not another sync: the differences are known.
func TestAnotherSouthbound(t *testing.T) {
	s, other := southbound(t, "10.0.0.1"), southbound(t, "10.0.0.2")
	c := chassis(t, s.OVSDB())
	r := start(t, c.OVSDB())
	r.await(t, 2, "following", "sync done with 1")
	before := r.flows()
	vsctl(t, c, "set", "Open_vSwitch", ".", "external_ids:ovn-remote="+other.OVSDB())
	ovstest.Eventually(t, 10*time.Second, func() error {
		if now := r.flows(); len(now) != 2 || slices.Equal(now, before) {
			return fmt.Errorf("flows: %q", now)
		}
		return nil
	})
	r.await(t, 2, "following the southbound database at "+other.OVSDB(), "")
}

func TestResync(t *testing.T) {
	s := southbound(t, "10.0.0.1")
	c := chassis(t, s.OVSDB())
	r := start(t, c.OVSDB())
	r.await(t, 2, "following", "sync done with 1")
	r.events <- sdk.SwitchState{Connected: true}
	r.events <- sdk.Resync{}
	r.await(t, 2, "following", "sync done with 1")
	ovstest.Eventually(t, 10*time.Second, func() error {
		r.mu.Lock()
		defer r.mu.Unlock()
		if want := []string{"commit", "sync done with 1", "sync begin", "commit", "sync done with 1"}; !slices.Equal(r.heard, want) {
			return fmt.Errorf("heard %q, want %q", r.heard, want)
		}
		return nil
	})
}
