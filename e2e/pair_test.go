package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowhost/flowhost/internal/ovstest"
)

// hostName names flowhost among a sandbox's daemons.
const hostName = "flowhost"

// settle is how long anything may take to be in the switch, on a machine that runs other tests, too.
const settle = 30 * time.Second

// pair is two Open vSwitches of the same shape.
type pair struct {
	*ovstest.Sandbox // with OVN and its ovn-controller
	flowhost         *ovstest.Sandbox
	programs         string // folder of flowhost and its plugins
}

// build builds flowhost and its plugins into a folder of the test process, once.
var build = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "flowhost-e2e")
	if err != nil {
		return "", err
	}
	for program, source := range map[string]string{"flowhost": "../cmd/host", "flowhost-plugin-neighbor": "../plugins/neighbor"} {
		out, err := exec.Command("go", "build", "-o", filepath.Join(folder, program), source).CombinedOutput()
		if err != nil {
			return folder, fmt.Errorf("go build %s: %w\n%s", source, err, out)
		}
	}
	return folder, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if folder, _ := build(); folder != "" {
		os.RemoveAll(folder)
	}
	os.Exit(code)
}

// startPair starts both, with a logical network that make makes on the first, and the same ports plugged into both.
func startPair(t testing.TB, network, ports []string) *pair {
	ovstest.Need(t)
	programs, err := build()
	if err != nil {
		t.Fatal(err)
	}
	p := &pair{Sandbox: ovstest.Start(t, ovstest.Options{OVN: true}), programs: programs}
	p.flowhost = ovstest.Start(t, ovstest.Options{SB: p.SB()})
	p.Nbctl(t, append([]string{"--wait=sb"}, commands(network)...)...)
	for i, port := range ports {
		p.plug(t, port, i+1)
	}
	p.flowhost.Add(p.host())
	p.StartController(t)
	p.flowhost.Start(t, hostName)
	return p
}

// commands makes one command line of several.
func commands(list []string) []string { return strings.Fields(strings.Join(list, " -- ")) }

// plug plugs a VIF into both bridges.
func (p *pair) plug(t testing.TB, port string, ofport int) {
	for _, s := range []*ovstest.Sandbox{p.Sandbox, p.flowhost} {
		s.Vsctl(t, "add-port", ovstest.Bridge, port, "--", "set", "Interface", port,
			"external_ids:iface-id="+port, "ofport_request="+strconv.Itoa(ofport))
	}
}

// host is flowhost with the neighbor plugin.
func (p *pair) host() ovstest.Daemon {
	s := p.flowhost
	return ovstest.Daemon{
		Name:    hostName,
		Program: filepath.Join(p.programs, "flowhost"),
		Args: []string{"run",
			"--bridge=" + ovstest.Bridge,
			"--switch=" + s.Mgmt(ovstest.Bridge),
			"--ovsdb=" + s.OVSDB(),
			"--plugin=neighbor=" + filepath.Join(p.programs, "flowhost-plugin-neighbor"),
			"--socket=" + p.socket(),
			"--state-dir=" + filepath.Join(s.Dir, "state"),
		},
		Ready: func() error {
			status, err := p.status()
			if err == nil && !status.Ready {
				err = fmt.Errorf("flowhost is not ready: %s", strings.Join(status.Reasons, "; "))
			}
			return err
		},
	}
}

func (p *pair) socket() string { return filepath.Join(p.flowhost.Dir, "run", hostName+".sock") }

// status is what `flowhost status` says, as far as tests look at it.
type status struct {
	Ready   bool
	Reasons []string
	Plugins []struct {
		Name     string
		PID      int
		Restarts int
		Synced   bool
	}
}

func (p *pair) status() (s status, err error) {
	out, err := p.flowhost.Run(filepath.Join(p.programs, "flowhost"), "status", "-o", "json", "--socket="+p.socket())
	if err == nil {
		err = json.Unmarshal([]byte(out), &s)
	}
	return s, err
}

// awaitReady waits until flowhost is ready, and its plugin another process than the one given.
func (p *pair) awaitReady(t testing.TB, before int) (plugin int) {
	t.Helper()
	ovstest.Eventually(t, settle, func() error {
		s, err := p.status()
		if err != nil {
			return err
		}
		if len(s.Plugins) != 1 || s.Plugins[0].PID == before || !s.Ready {
			return fmt.Errorf("flowhost says %+v", s)
		}
		plugin = s.Plugins[0].PID
		return nil
	})
	return plugin
}

// awaitEqual waits until both switches hold the same flows in these tables, and returns them.
func (p *pair) awaitEqual(t testing.TB, tables ...int) []string {
	t.Helper()
	var flows []string
	ovstest.Eventually(t, settle, func() error {
		flows = only(p.Flows(t, ovstest.Bridge), tables)
		own := only(p.flowhost.Flows(t, ovstest.Bridge), tables)
		if !slices.Equal(flows, own) {
			return fmt.Errorf("tables %v: -ovn-controller +flowhost\n%s", tables, cmp.Diff(flows, own))
		}
		return nil
	})
	return flows
}

// only gives the flows of some tables, sorted: ovs-ofctl leaves open how flows of one priority are.
func only(flows []string, tables []int) []string {
	slices.Sort(flows)
	return slices.DeleteFunc(flows, func(flow string) bool {
		return !slices.ContainsFunc(tables, func(table int) bool { return strings.Contains(flow, fmt.Sprintf(" table=%d,", table)) })
	})
}

// ages says how old the flows in some tables of flowhost's switch are.
func (p *pair) ages(t testing.TB, tables []int) ages {
	t.Helper()
	a := ages{at: time.Now(), of: map[string]time.Duration{}}
	dump := strings.Split(p.flowhost.Ofctl(t, "--no-names", "dump-flows", ovstest.Bridge), "\n")
	for _, line := range only(dump, tables) {
		duration := durationField.FindStringSubmatch(line)
		age, err := time.ParseDuration(duration[1])
		if err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		a.of[statsFields.ReplaceAllString(line, "")] = age
	}
	return a
}

// What ovs-ofctl prints of a flow's statistics.
var (
	durationField = regexp.MustCompile(`duration=([^,]*), `)
	statsFields   = regexp.MustCompile(`(duration|n_packets|n_bytes|idle_age|hard_age)=[^,]*, `)
)

// ages of flows, by their text.
type ages struct {
	at time.Time
	of map[string]time.Duration
}

// checkOlder finds flows that were made anew since before. Those of before that are gone do not matter.
func (a ages) checkOlder(t testing.TB, before ages) {
	t.Helper()
	elapsed := a.at.Sub(before.at)
	kept := 0
	for flow, age := range before.of {
		now, ok := a.of[flow]
		if !ok {
			continue
		}
		kept++
		if now-age < elapsed-time.Second {
			t.Errorf("%v after it was %v old, it is %v old: %s", elapsed, age, now, flow)
		}
	}
	if kept == 0 {
		t.Error("no flow is left of those before")
	}
}
