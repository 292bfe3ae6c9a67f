package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/flowhost/flowhost/sdk/flow"
	"go.yaml.in/yaml/v3"
)

// Config is everything an operator can say. The zero value of a field means the built-in value its comment names.
type Config struct {
	// Bridge is the Open vSwitch bridge whose tables this host owns; "br-int" by default.
	Bridge string `yaml:"bridge"`
	// Switch is where the bridge's OpenFlow service connection listens: "unix:PATH" or "tcp:HOST:PORT";
	// "unix:RUNDIR/BRIDGE.mgmt" by default, RUNDIR being $OVS_RUNDIR or /var/run/openvswitch (ovs-vswitchd(8)).
	Switch string `yaml:"switch"`
	// OVSDB is the local Open_vSwitch database, for the plugins; "unix:RUNDIR/db.sock" by default.
	OVSDB string `yaml:"ovsdb"`
	// Socket is the admin API's unix socket; "/run/flowhost/BRIDGE.sock" by default. The plugins' sockets are made in
	// "plugins/NAME/" beside it.
	Socket string `yaml:"socket"`
	// Pidfile is written at start and removed at the end; none by default.
	Pidfile string `yaml:"pidfile"`
	// StateDir keeps what must not move between runs (slots); "/var/lib/flowhost" by default.
	StateDir string `yaml:"state-dir"`
	// Hold ends the wait for a silent source (see Adoption in the design of the table); 60 s by default.
	Hold time.Duration `yaml:"hold"`
	// Unclaimed says what happens to flows that no configured owner may have made: "delete" (the default) or "keep".
	Unclaimed string `yaml:"unclaimed"`
	// Plugins are the flow sources to run, each under an owner of its own name.
	Plugins []Plugin `yaml:"plugins"`
}

// Plugin is a flow source and the fence of its owner.
type Plugin struct {
	// Name is the owner's name: lower-case letters, digits and dashes, at most 32 of them.
	Name string `yaml:"name"`
	// Path of the binary; "/usr/lib/flowhost/plugins/flowhost-plugin-NAME" by default.
	Path string `yaml:"path"`
	// Args and Env ("KEY=VALUE") are handed to the process as they are.
	Args []string `yaml:"args"`
	Env  []string `yaml:"env"`
	// Rank decides before anything else who wins a key: the lower one. All are 0 by default.
	Rank int `yaml:"rank"`
	// Slot is the top byte of the owner's cookies, 0 to 255; from the state directory when the file gives none.
	Slot *uint8 `yaml:"slot"`
	// Tables and Priorities the owner may write. No tables: no flows at all. No priorities: all of them.
	Tables     []Range `yaml:"tables"`
	Priorities []Range `yaml:"priorities"`
	// Groups, Meters and Conjunctions are the ids that are the owner's own, and Zones the conntrack zones it may have flushed. None
	// by default. No two plugins share an id.
	Groups       []Range `yaml:"groups"`
	Meters       []Range `yaml:"meters"`
	Conjunctions []Range `yaml:"conjunctions"`
	Zones        []Range `yaml:"zones"`
	// MaxFlows the owner may have desired at a time; 1,000,000 by default.
	MaxFlows int `yaml:"max-flows"`
	// Expected owners are waited for before adopted entries that may be theirs are touched; true by default.
	Expected *bool `yaml:"expected"`
	// Grace is how long flows stay that nobody claims while their owner has no session; 0, the default, is for ever.
	Grace time.Duration `yaml:"grace"`
}

const (
	pluginDir       = "/usr/lib/flowhost/plugins"
	defaultMaxFlows = 1_000_000
	maxPriority     = 65535
	maxGroup        = 0xffffff00 // OFPG_MAX (OpenFlow 1.5 §7.3.4.3)
	maxMeter        = 0xffff0000 // OFPM_MAX (§7.3.4.4)
	maxZone         = 65535
)

// Load reads the file at path strictly: an unknown key is an error that names its line. The result still lacks the
// built-in values: see Complete.
func Load(path string) (*Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c := new(Config)
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(c); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: %s: %s", ErrInvalid, path, oneLine(err))
	}
	return c, nil
}

// oneLine is a decoder's error without the header and the line breaks it has when there are several.
func oneLine(err error) string {
	var several *yaml.TypeError
	if errors.As(err, &several) {
		return strings.Join(several.Errors, "; ")
	}
	return strings.TrimPrefix(err.Error(), "yaml: ")
}

// Complete fills in the built-in values and validates the whole. The error Is ErrInvalid.
func (c *Config) Complete() error {
	orElse(&c.Bridge, "br-int")
	rundir := os.Getenv("OVS_RUNDIR")
	orElse(&rundir, "/var/run/openvswitch")
	orElse(&c.Switch, "unix:"+filepath.Join(rundir, c.Bridge+".mgmt"))
	orElse(&c.OVSDB, "unix:"+filepath.Join(rundir, "db.sock"))
	orElse(&c.Socket, DefaultSocket(c.Bridge))
	orElse(&c.StateDir, "/var/lib/flowhost")
	orElse(&c.Unclaimed, "delete")
	if c.Hold == 0 {
		c.Hold = 60 * time.Second
	}
	for i := range c.Plugins {
		c.Plugins[i].complete()
	}
	return c.validate()
}

// DefaultSocket is where the admin API of a bridge's host listens unless it is told otherwise.
func DefaultSocket(bridge string) string { return "/run/flowhost/" + bridge + ".sock" }

func (p *Plugin) complete() {
	orElse(&p.Path, filepath.Join(pluginDir, "flowhost-plugin-"+p.Name))
	if fence, ok := shipped[p.Name]; ok {
		if p.Tables == nil {
			p.Tables = fence
		}
		if p.Slot == nil {
			p.Slot = new(uint8) // OVN's own sources share slot 0, so that OVN's tools know their cookies
		}
	}
	if p.Tables != nil && p.Priorities == nil {
		p.Priorities = []Range{{0, maxPriority}}
	}
	if p.MaxFlows == 0 {
		p.MaxFlows = defaultMaxFlows
	}
	if p.Expected == nil {
		yes := true
		p.Expected = &yes
	}
}

// shipped are the tables of the sources that ship with flowhost, as OVN 23.03 numbers them. They share no table, so that
// one of them never waits for another at adoption.
var shipped = map[string][]Range{
	"lflow":    {{8, 36}, {42, 63}, {68, 70}, {73, 78}},
	"physical": {{0, 0}, {37, 41}, {64, 65}},
	"neighbor": {{66, 67}, {71, 72}},
}

var validName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

func (c *Config) validate() error {
	if c.Unclaimed != "delete" && c.Unclaimed != "keep" {
		return invalid("unclaimed: %q; write delete or keep", c.Unclaimed)
	}
	if c.Hold < 0 {
		return invalid("hold: %v is negative", c.Hold)
	}
	seen := make(map[string]bool)
	for i := range c.Plugins {
		p := &c.Plugins[i]
		if seen[p.Name] {
			return invalid("plugin %s is named twice", p.Name)
		}
		seen[p.Name] = true
		if err := p.validate(); err != nil {
			return err
		}
		for j := range c.Plugins[:i] {
			if err := disjoint(&c.Plugins[j], p); err != nil {
				return err
			}
		}
	}
	return nil
}

// disjoint checks that two plugins share no id.
func disjoint(a, b *Plugin) error {
	for _, ids := range []struct {
		what string
		a, b []Range
	}{
		{"groups", a.Groups, b.Groups}, {"meters", a.Meters, b.Meters}, {"conjunctions", a.Conjunctions, b.Conjunctions},
	} {
		for _, x := range ids.a {
			for _, y := range ids.b {
				if x.First <= y.Last && y.First <= x.Last {
					return invalid("plugins %s and %s: %s: %v and %v overlap", a.Name, b.Name, ids.what, x, y)
				}
			}
		}
	}
	return nil
}

func (p *Plugin) validate() error {
	switch {
	case !validName.MatchString(p.Name):
		return invalid("plugin name %q: use lower-case letters, digits and dashes, at most 32", p.Name)
	case p.MaxFlows < 0:
		return invalid("plugin %s: max-flows: %d is negative", p.Name, p.MaxFlows)
	case p.Grace < 0:
		return invalid("plugin %s: grace: %v is negative", p.Name, p.Grace)
	}
	for _, limit := range []struct {
		what        string
		ranges      []Range
		first, last uint32
	}{
		{"tables", p.Tables, 0, uint32(flow.MaxTable)},
		{"priorities", p.Priorities, 0, maxPriority},
		{"groups", p.Groups, 0, maxGroup},
		{"meters", p.Meters, 1, maxMeter},
		{"conjunctions", p.Conjunctions, 1, math.MaxUint32},
		{"zones", p.Zones, 0, maxZone},
	} {
		for _, r := range limit.ranges {
			if r.First < limit.first || r.Last > limit.last {
				return invalid("plugin %s: %s: %v; they go from %d to %d", p.Name, limit.what, r, limit.first, limit.last)
			}
		}
	}
	return nil
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrInvalid}, args...)...)
}

func orElse(s *string, builtIn string) {
	if *s == "" {
		*s = builtIn
	}
}
