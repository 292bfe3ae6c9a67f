package feed

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/flow"
	"github.com/flowhost/flowhost/sdk/sdktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what takes milliseconds on an idle machine.
const patience = 20 * time.Second

// site is a source that follows real databases and has a host in memory.
type site struct {
	*sdktest.Host
	t       *testing.T
	vswitch *ovstest.Sandbox
	Subject[*rows]
	// For Config.
	missing, note func() string
	confirming    func() func()
	act           func(known bool, vswitch, southbound Side) time.Time
	watched       chan sdk.MarkInstalled // nil: no marks are watched

	mu    sync.Mutex
	heard []string // what the host was told, in order
}

// start runs a source on a chassis whose ovn-remote is this.
func start(t *testing.T, remote string) *site {
	s := &site{t: t, vswitch: chassis(t, remote)}
	s.run()
	return s
}

func (s *site) run() {
	options := sdktest.Options{Bridge: "br-int", Patience: patience, Zones: []sdk.Range{{First: 9, Last: 9}}}
	s.Host = sdktest.Start(s.t, options, func(ctx context.Context, h *sdk.Host) error {
		maker := newRows()
		asks, end := s.Is(maker)
		defer end()
		var marked func(sdk.MarkInstalled)
		if s.watched != nil {
			h.Events()
			if err := h.Watch(ctx, h.Owner(), "*"); err != nil {
				return err
			}
			marked = func(m sdk.MarkInstalled) { s.watched <- m }
		}
		return Run(ctx, listening{Session{h}, s}, maker, Config{
			OVSDB: s.vswitch.OVSDB(), Logger: hclog.NewNullLogger(), Vswitch: local.VswitchTables(), Southbound: rowsTables(),
			Conditions: maker.conditions, Missing: s.missing, Note: s.note, Told: s.confirming, Asks: asks,
			Act: s.act, Marked: marked,
		})
	})
}

// listening is a session whose calls are written down.
type listening struct {
	Session
	*site
}

func (l listening) Commit(ctx context.Context, operations []Operation, marks []Mark) (sdk.Revision, error) {
	if len(operations) > 0 {
		l.hear("flows")
	}
	for _, m := range marks {
		l.hear(m.Name + "=" + m.Value)
	}
	return l.Session.Commit(ctx, operations, marks)
}

func (l listening) SyncBegin(ctx context.Context) error {
	l.hear("sync begin")
	return l.Session.SyncBegin(ctx)
}

func (l listening) SyncDone(ctx context.Context) (sdk.Revision, error) {
	l.hear("sync done")
	return l.Session.SyncDone(ctx)
}

// Methods that both have.
func (l listening) Events() <-chan sdk.Event       { return l.Session.Events() }
func (l listening) Switch() sdk.SwitchState        { return l.Session.Switch() }
func (l listening) Status(ready bool, text string) { l.Session.Status(ready, text) }

// hear writes down what was told. Flows in several transactions are the same as in one.
func (s *site) hear(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.heard); n == 0 || s.heard[n-1] != what {
		s.heard = append(s.heard, what)
	}
}

// took returns what the host was told since the last call.
func (s *site) took() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	heard := s.heard
	s.heard = nil
	return heard
}

// tell has the Maker say more.
func (s *site) tell(marks []Mark, operations ...Operation) {
	s.t.Helper()
	s.ask(func(r *rows) {
		r.operations, r.marks = append(r.operations, operations...), append(r.marks, marks...)
	})
}

// untilTold waits until the host was told exactly this since took.
func (s *site) untilTold(want ...string) {
	s.t.Helper()
	ovstest.Eventually(s.t, patience, func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !slices.Equal(s.heard, want) {
			return fmt.Errorf("told %q, want %q", s.heard, want)
		}
		return nil
	})
}

// untilStatus waits until the status begins with a text.
func (s *site) untilStatus(ready bool, text string) {
	s.t.Helper()
	ovstest.Eventually(s.t, patience, func() error {
		if is, now := s.Status(); is != ready || !strings.HasPrefix(now, text) {
			return fmt.Errorf("ready %v, status %q; want %v, %q", is, now, ready, text)
		}
		return nil
	})
}

// untilFlows waits until the switch has the flows of these Logical_Flows, by their priorities, and no others.
func (s *site) untilFlows(want ...int) {
	s.t.Helper()
	ovstest.Eventually(s.t, patience, func() error {
		if got := s.priorities(); !slices.Equal(got, want) {
			return fmt.Errorf("the switch has flows of priority %v, want %v", got, want)
		}
		return nil
	})
}

// priorities are those of the flows in the switch, sorted.
func (s *site) priorities() (list []int) {
	for line := range strings.Lines(s.Flows()) {
		f, err := flow.ParseFlow(strings.TrimSpace(line))
		if err != nil {
			s.t.Fatal(err)
		}
		list = append(list, int(f.Priority))
	}
	slices.Sort(list)
	return list
}

// vsctl changes the local database.
func (s *site) vsctl(args ...string) { s.vswitch.Vsctl(s.t, args...) }

// chassis is a local database with an interface for the logical port vif1.
func chassis(t *testing.T, remote string) *ovstest.Sandbox {
	s := ovstest.StartServer(t, ovstest.VswitchSchema)
	s.Vsctl(t, "init", "--", "set", "Open_vSwitch", ".", "external_ids:system-id=hv1", "external_ids:ovn-remote="+remote,
		"--", "add-br", "br-int", "--", "add-port", "br-int", "vif1", "--", "set", "Interface", "vif1", "external_ids:iface-id=vif1", "ofport=1")
	return s
}

// plug and unplug make the datapath of vif2 local, and not.
func (s *site) plug() {
	s.vsctl("add-port", "br-int", "vif2", "--", "set", "Interface", "vif2", "external_ids:iface-id=vif2", "ofport=2")
}

func (s *site) unplug() { s.vsctl("del-port", "br-int", "vif2") }

// southbound is a southbound database with two datapaths, with one port each, and Logical_Flows of them. Their priorities are base and
// 1: of the first datapath, 2: of the second; of groups: 3: of both, 4: of the second alone.
func southbound(t *testing.T, base int) *ovstest.Sandbox {
	s := ovstest.StartServer(t, ovstest.SouthboundSchema)
	args := []string{"init", "--", "set", "SB_Global", ".", "nb_cfg=17",
		"--", "--id=@dp1", "create", "Datapath_Binding", "tunnel_key=1", "--", "--id=@dp2", "create", "Datapath_Binding", "tunnel_key=2",
		"--", "create", "Port_Binding", "logical_port=vif1", "tunnel_key=1", "datapath=@dp1",
		"--", "create", "Port_Binding", "logical_port=vif2", "tunnel_key=1", "datapath=@dp2",
		"--", "--id=@g1", "create", "Logical_DP_Group", "datapaths=@dp1,@dp2", "--", "--id=@g2", "create", "Logical_DP_Group", "datapaths=@dp2"}
	for i, of := range []string{"logical_datapath=@dp1", "logical_datapath=@dp2", "logical_dp_group=@g1", "logical_dp_group=@g2"} {
		args = append(args, "--", "create", "Logical_Flow", of, "pipeline=ingress", "table_id=0", "priority="+fmt.Sprint(base+1+i),
			"match=1", `actions="drop;"`)
	}
	s.Sbctl(t, args...)
	return s
}

// ask calls f in the source's goroutine, which has worked off all that came before.
func (s *site) ask(f func(*rows)) {
	s.t.Helper()
	if err := s.Ask(context.Background(), func(r *rows) error { f(r); return nil }); err != nil {
		s.t.Fatal(err)
	}
}

// find is the UUID of the only row of a table that matches a condition.
func find(t *testing.T, s *ovstest.Sandbox, table, condition string) string {
	t.Helper()
	return strings.TrimSpace(s.Sbctl(t, "--bare", "--columns=_uuid", "find", table, condition))
}

func datapath(t *testing.T, s *ovstest.Sandbox, key int) string {
	t.Helper()
	return find(t, s, "Datapath_Binding", fmt.Sprint("tunnel_key=", key))
}

func logicalFlow(t *testing.T, s *ovstest.Sandbox, priority int) string {
	t.Helper()
	return find(t, s, "Logical_Flow", fmt.Sprint("priority=", priority))
}

// group is the group that a Logical_Flow names.
func group(t *testing.T, s *ovstest.Sandbox, priority int) string {
	t.Helper()
	return strings.TrimSpace(s.Sbctl(t, "--bare", "--columns=logical_dp_group", "find", "Logical_Flow", fmt.Sprint("priority=", priority)))
}
