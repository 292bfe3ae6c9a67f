package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Changes are what differs between a running configuration and a new one, and can be changed without a restart of the host.
type Changes struct {
	Added    []Plugin
	Removed  []string
	Process  []Plugin // to be started again, in another way
	Limits   []Plugin // whose owner is limited in another way
	LogLevel bool
}

// Empty says that nothing differs.
func (c *Changes) Empty() bool { return reflect.ValueOf(*c).IsZero() }

// String is what is done, for the log.
func (c *Changes) String() string {
	var said []string
	say := func(what string, names []string) {
		if len(names) > 0 {
			said = append(said, what+" "+strings.Join(names, ", "))
		}
	}
	say("added", namesOf(c.Added))
	say("removed", c.Removed)
	say("restarted", namesOf(c.Process))
	say("limits changed of", namesOf(c.Limits))
	if c.LogLevel {
		said = append(said, "log level changed")
	}
	if said == nil {
		return "nothing differs"
	}
	return strings.Join(said, "; ")
}

func namesOf(plugins []Plugin) []string {
	var names []string
	for i := range plugins {
		names = append(names, plugins[i].Name)
	}
	return names
}

// Compare tells what differs between now and next, both complete. former are the plugins that an earlier change has removed: their
// owners are still there. What takes a restart of the host is an error, which names all of that.
func Compare(now, next *Config, former []Plugin) (Changes, error) {
	fixed := fixedKeys(now, next)
	changes := Changes{LogLevel: now.LogLevel != next.LogLevel}
	for _, p := range next.Plugins {
		before := find(now.Plugins, p.Name)
		if before == nil {
			changes.Added = append(changes.Added, p)
			before = find(former, p.Name)
		} else {
			if !same(process(before), process(&p)) {
				changes.Process = append(changes.Process, p)
			}
			if !same(limits(before), limits(&p)) {
				changes.Limits = append(changes.Limits, p)
			}
		}
		if before != nil {
			fixed = append(fixed, fenceChanges(before, &p)...)
		}
	}
	for _, p := range now.Plugins {
		if find(next.Plugins, p.Name) == nil {
			changes.Removed = append(changes.Removed, p.Name)
		}
	}
	if fixed != nil {
		return Changes{}, fmt.Errorf("%w: %s", ErrRestart, strings.Join(fixed, "; "))
	}
	return changes, nil
}

func find(plugins []Plugin, name string) *Plugin {
	i := slices.IndexFunc(plugins, func(p Plugin) bool { return p.Name == name })
	if i < 0 {
		return nil
	}
	return &plugins[i]
}

// process is what of a plugin is about its process.
func process(p *Plugin) []any {
	return []any{p.Path, p.Args, p.Env, p.SHA256, p.User, p.Limits, p.Restart, p.BackoffMax}
}

// limits is what of an owner may change while it is there.
func limits(p *Plugin) []any { return []any{p.MaxFlows, p.Rate, *p.Expected, p.Grace} }

// same takes an empty list for no list.
func same(a, b []any) bool { return fmt.Sprintf("%#v", plain(a)) == fmt.Sprintf("%#v", plain(b)) }

func plain(values []any) []any {
	values = slices.Clone(values)
	for i, v := range values {
		if r := reflect.ValueOf(v); r.Kind() == reflect.Slice && r.Len() == 0 {
			values[i] = nil
		}
	}
	return values
}

// fixedKeys says which keys differ that are read at the start alone.
func fixedKeys(now, next *Config) []string {
	var fixed []string
	for _, k := range []struct {
		key       string
		now, next any
	}{
		{"bridge", now.Bridge, next.Bridge},
		{"switch", now.Switch, next.Switch},
		{"ovsdb", now.OVSDB, next.OVSDB},
		{"socket", now.Socket, next.Socket},
		{"pidfile", now.Pidfile, next.Pidfile},
		{"state-dir", now.StateDir, next.StateDir},
		{"hold", now.Hold, next.Hold},
		{"unclaimed", now.Unclaimed, next.Unclaimed},
		{"flow-restore-wait", now.FlowRestoreWait, next.FlowRestoreWait},
	} {
		if k.now != k.next {
			fixed = append(fixed, fmt.Sprintf("%s is %v, not %v", k.key, k.now, k.next))
		}
	}
	return fixed
}

// fenceChanges says what differs that the cookies, ids and rules of installed flows depend on.
func fenceChanges(now, next *Plugin) []string {
	var fixed []string
	for _, k := range []struct {
		key       string
		now, next any
	}{
		{"slot", *now.Slot, *next.Slot},
		{"rank", now.Rank, next.Rank},
		{"tables", now.Tables, next.Tables},
		{"priorities", now.Priorities, next.Priorities},
		{"groups", now.Groups, next.Groups},
		{"meters", now.Meters, next.Meters},
		{"conjunctions", now.Conjunctions, next.Conjunctions},
		{"zones", now.Zones, next.Zones},
		{"packet-in", now.PacketIn, next.PacketIn},
		{"packet-out", now.PacketOut, next.PacketOut},
	} {
		if !same([]any{k.now}, []any{k.next}) {
			fixed = append(fixed, fmt.Sprintf("plugin %s: %s is %v, not %v", now.Name, k.key, k.now, k.next))
		}
	}
	return fixed
}
