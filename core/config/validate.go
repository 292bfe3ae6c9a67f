package config

import (
	"encoding/hex"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/flowhost/flowhost/sdk/flow"
)

const (
	maxPriority = 65535
	maxGroup    = 0xffffff00 // OFPG_MAX (OpenFlow 1.5 §7.3.4.3)
	maxMeter    = 0xffff0000 // OFPM_MAX (§7.3.4.4)
	maxZone     = 65535

	maxController = 65535

	minMemory = 64 << 20
)

var (
	validName   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)
	validSHA256 = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)
)

// word checks that a value is one of some words.
func (p place) word(key, value string, words ...string) error {
	if slices.Contains(words, value) {
		return nil
	}
	return p.invalid(key, "%s: %q; write %s", key, value, strings.Join(words, " or "))
}

func (c *Config) validate() error {
	if err := c.at.word("log-level", c.LogLevel, "trace", "debug", "info", "warn", "error"); err != nil {
		return err
	}
	if err := c.at.word("unclaimed", c.Unclaimed, "delete", "keep"); err != nil {
		return err
	}
	if err := c.at.word("flow-restore-wait", c.FlowRestoreWait, "tell", "finish"); err != nil {
		return err
	}
	if c.Hold < 0 {
		return c.at.invalid("hold", "hold: %v is negative", c.Hold)
	}
	seen := make(map[string]place)
	for i := range c.Plugins {
		p := &c.Plugins[i]
		if other, twice := seen[p.Name]; twice {
			return p.at.invalid("name", "plugin %s is named twice, before at %s", p.Name, other.of("name"))
		}
		seen[p.Name] = p.at
		if err := p.validate(); err != nil {
			return err
		}
	}
	return nil
}

func (p *Plugin) validate() error {
	if !validName.MatchString(p.Name) {
		return p.at.invalid("name", "plugin name %q: use lower-case letters, digits and dashes, at most 32", p.Name)
	}
	if err := p.validateProcess(); err != nil {
		return err
	}
	for _, n := range []struct {
		key      string
		negative bool
		value    any
	}{
		{"max-flows", p.MaxFlows < 0, p.MaxFlows},
		{"rate", p.Rate < 0, p.Rate},
		{"grace", p.Grace < 0, p.Grace},
		{"backoff-max", p.BackoffMax < 0, p.BackoffMax},
	} {
		if n.negative {
			return p.at.invalid(n.key, "plugin %s: %s: %v is negative", p.Name, n.key, n.value)
		}
	}
	return p.validateRanges()
}

func (p *Plugin) validateRanges() error {
	for _, limit := range []struct {
		key         string
		ranges      []Range
		first, last uint32
	}{
		{"tables", p.Tables, 0, uint32(flow.MaxTable)},
		{"priorities", p.Priorities, 0, maxPriority},
		{"groups", p.Groups, 0, maxGroup},
		{"meters", p.Meters, 1, maxMeter},
		{"conjunctions", p.Conjunctions, 1, math.MaxUint32},
		{"zones", p.Zones, 0, maxZone},
		{"packet-in", p.PacketIn.Controllers, 0, maxController},
		{"packet-out", p.PacketOut, 0, uint32(flow.MaxTable)},
	} {
		for _, r := range limit.ranges {
			if r.First < limit.first || r.Last > limit.last {
				return p.at.invalid(limit.key, "plugin %s: %s: %v; they go from %d to %d", p.Name, limit.key, r, limit.first, limit.last)
			}
		}
	}
	for _, prefix := range p.PacketIn.UserData {
		if _, err := hex.DecodeString(prefix); err != nil {
			return p.at.invalid("packet-in", "plugin %s: packet-in: userdata: %q is not bytes in hexadecimal", p.Name, prefix)
		}
	}
	return nil
}

// validateProcess checks what is about the process alone. Whether the file and the user are there is known at the start.
func (p *Plugin) validateProcess() error {
	switch l := p.Limits; {
	case !filepath.IsAbs(p.Path):
		return p.at.invalid("path", "plugin %s: path: %q is not absolute", p.Name, p.Path)
	case p.SHA256 != "" && !validSHA256.MatchString(p.SHA256):
		return p.at.invalid("sha256", "plugin %s: sha256: %q is not 64 hexadecimal digits, as sha256sum prints them", p.Name, p.SHA256)
	case l.Memory != 0 && l.Memory < minMemory:
		return p.at.invalid("limits", "plugin %s: limits: memory: %v; the least is %v", p.Name, l.Memory, Bytes(minMemory))
	case l.CPUWeight < 0 || l.CPUWeight > 10000:
		return p.at.invalid("limits", "plugin %s: limits: cpu-weight: %d; it goes from 1 to 10000", p.Name, l.CPUWeight)
	case l.NoFile != 0 && l.NoFile < 16:
		return p.at.invalid("limits", "plugin %s: limits: nofile: %d; the least is 16", p.Name, l.NoFile)
	}
	for _, e := range p.Env {
		if name, _, ok := strings.Cut(e, "="); !ok || name == "" {
			return p.at.invalid("env", "plugin %s: env: %q; write NAME=VALUE", p.Name, e)
		}
	}
	return p.at.word("restart", p.Restart, "always", "on-failure", "never")
}
