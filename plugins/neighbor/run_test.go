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

	"github.com/flowhost/flowhost/internal/ovn/feed"
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

func (r *recorder) Switch() sdk.SwitchState { return sdk.SwitchState{} }

func (r *recorder) Commit(_ context.Context, operations []feed.Operation, _ []feed.Mark) (sdk.Revision, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(operations) > 0 {
		r.heard = append(r.heard, "commit")
	}
	r.held.hear(operations)
	return 0, nil
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
		ended <- run(ctx, r, new(questions), config{ovsdb: ovsdb, bridge: "br-int", logger: hclog.NewNullLogger()})
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
	s.Vsctl(t, "init", "--", "set", "Open_vSwitch", ".", "external_ids:system-id=hv1", "external_ids:ovn-remote="+remote,
		"--", "add-br", "br-int", "--", "add-port", "br-int", "vif", "--", "set", "Interface", "vif", "external_ids:iface-id=vif", "ofport=1")
	return s
}

// southbound is a southbound database with a VIF and a binding on it.
func southbound(t *testing.T, ip string) *ovstest.Sandbox {
	s := ovstest.StartServer(t, ovstest.SouthboundSchema)
	s.Sbctl(t, "--id=@dp", "create", "Datapath_Binding", "tunnel_key=7",
		"--", "create", "Port_Binding", "logical_port=vif", "tunnel_key=3", "datapath=@dp",
		"--", "create", "MAC_Binding", "logical_port=vif", "ip="+quote(ip), "mac="+quote("0a:00:00:00:00:01"), "datapath=@dp")
	return s
}

func quote(s string) string { return `"` + s + `"` }

func datapath(t *testing.T, s *ovstest.Sandbox) string {
	t.Helper()
	return strings.TrimSpace(s.Sbctl(t, "--bare", "--columns=_uuid", "find", "Datapath_Binding", "tunnel_key=7"))
}

// add adds a MAC binding.
func add(t *testing.T, s *ovstest.Sandbox, port, ip, mac string) {
	t.Helper()
	s.Sbctl(t, "create", "MAC_Binding", "logical_port="+port, "ip="+quote(ip), "mac="+quote(mac), "datapath="+datapath(t, s))
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
	s.Sbctl(t, "create", "FDB", "mac="+quote("0a:00:00:00:00:09"), "dp_key=7", "port_key=3",
		"--", "create", "Static_MAC_Binding", "logical_port=vif", "ip=10.0.0.5", "mac="+quote("0a:00:00:00:00:05"),
		"datapath="+datapath(t, s), "override_dynamic_mac=true")
	r.await(t, 8, "following", "commit")
	s.Sbctl(t, "create", "Port_Binding", "logical_port=later", "tunnel_key=4", "datapath="+datapath(t, s))
	r.await(t, 10, "following", "commit")
	c.Vsctl(t, "set", "Interface", "vif", "ofport=-1")
	r.await(t, 0, "following", "commit")
	c.Vsctl(t, "set", "Interface", "vif", "ofport=2")
	r.await(t, 10, "following", "commit")
	s.Sbctl(t, "set", "Port_Binding", "vif", "tunnel_key=9")
	ovstest.Eventually(t, 10*time.Second, func() error {
		if flows := fmt.Sprint(r.flows()); strings.Count(flows, "reg15=0x9,") != 3 || strings.Contains(flows, "reg15=0x3,") {
			return fmt.Errorf("flows: %s", flows)
		}
		return nil
	})
}
