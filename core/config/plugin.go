package config

import (
	"path/filepath"
	"time"
)

// Plugin is a flow source: its process, and the fence of its owner.
type Plugin struct {
	// Name is the owner's name: lower-case letters, digits and dashes, at most 32 of them.
	Name string `yaml:"name"`

	// Path of the binary; "/usr/lib/flowhost/plugins/flowhost-plugin-NAME" by default.
	Path string `yaml:"path"`
	// Args and Env ("KEY=VALUE") are handed to the process as they are.
	Args []string `yaml:"args"`
	Env  []string `yaml:"env"`
	// SHA256 of the binary, 64 hexadecimal digits; if given, nothing else is started.
	SHA256 string `yaml:"sha256"`
	// User, by name or number, that the process runs as, in that user's own group alone; the host's by default.
	User string `yaml:"user"`
	// Limits of the process.
	Limits Limits `yaml:"limits"`
	// Restart says after which end the process is started again: "always" (the default), "on-failure" or "never".
	Restart string `yaml:"restart"`
	// BackoffMax is the longest pause before it is; the first one is a second, then they double. 30 s by default.
	BackoffMax time.Duration `yaml:"backoff-max"`

	// Rank decides before anything else who wins a key: the lower one. All are 0 by default.
	Rank int `yaml:"rank"`
	// Slot is the top byte of the owner's cookies, 0 to 255; from the state directory when the file gives none.
	Slot *uint8 `yaml:"slot"`
	// Tables and Priorities the owner may write. No tables: no flows at all. No priorities: all of them.
	Tables     []Range `yaml:"tables"`
	Priorities []Range `yaml:"priorities"`
	// Groups, Meters and Conjunctions are the ids that are the owner's own: no two plugins share one. By default they follow from
	// the slot (see assignIDs) for an owner that has tables, and an empty list means none.
	Groups       []Range `yaml:"groups"`
	Meters       []Range `yaml:"meters"`
	Conjunctions []Range `yaml:"conjunctions"`
	// Zones are the conntrack zones it may have flushed; none by default.
	Zones []Range `yaml:"zones"`
	// PacketIn are the packets for controllers that it may hear, and have its flows send; none by default.
	PacketIn PacketIn `yaml:"packet-in"`
	// PacketOut are the tables that its packet-outs may send packets to. By default, and if the list is empty, it sends no packets.
	PacketOut []Range `yaml:"packet-out"`
	// MaxFlows the owner may have desired at a time; 1,000,000 by default.
	MaxFlows int `yaml:"max-flows"`
	// Rate is how many transactions it may commit in a second, and at once after a pause; 0, the default, for no limit. More are
	// refused, as all is that is over a quota.
	Rate int `yaml:"rate"`
	// Expected owners are waited for before adopted entries that may be theirs are touched; true by default.
	Expected *bool `yaml:"expected"`
	// Grace is how long flows stay that nobody claims while their owner has no session; 0, the default, is for ever.
	Grace time.Duration `yaml:"grace"`

	// Attach is the socket of a process that runs already, which is not started then: for debugging, and no part of the file.
	Attach string `yaml:"-"`

	at place
}

// PacketIn are packets that the switch sends to controllers.
type PacketIn struct {
	// Controllers are the ids in the controller action; 0 to 65535.
	Controllers []Range `yaml:"controllers"`
	// UserData is what the action's user data may begin with, in hexadecimal; "" means anything.
	UserData []string `yaml:"userdata"`
}

// Limits are what the kernel lets a process have. The zero value of each means no limit beside the host's own.
type Limits struct {
	// Memory is how much it may write to: RLIMIT_DATA of setrlimit(2), which unlike RLIMIT_AS does not count what is only reserved,
	// as Go does a lot. At least 64 MiB; a Go program takes 80 to start, and then 64 at a time.
	Memory Bytes `yaml:"memory"`
	// CPUWeight is its share of a busy processor, as cgroup v2's cpu.weight: 1 to 10000, 100 being an ordinary process's.
	CPUWeight int `yaml:"cpu-weight"`
	// NoFile is how many files it may have open.
	NoFile int `yaml:"nofile"`
}

const (
	pluginDir       = "/usr/lib/flowhost/plugins"
	defaultMaxFlows = 1_000_000
	defaultBackoff  = 30 * time.Second
)

// complete fills in the built-in values that depend on nothing but the plugin.
func (p *Plugin) complete() {
	orElse(&p.Path, filepath.Join(pluginDir, "flowhost-plugin-"+p.Name))
	orElse(&p.Restart, "always")
	orElse(&p.BackoffMax, defaultBackoff)
	orElse(&p.MaxFlows, defaultMaxFlows)
	if fence, ok := shipped[p.Name]; ok {
		fence.fill(p)
	}
	if len(p.Tables) > 0 && p.Priorities == nil {
		p.Priorities = []Range{{0, maxPriority}}
	}
	if p.Expected == nil {
		yes := true
		p.Expected = &yes
	}
}
