// Package standin has the example plugin ofctl keep what ovn-controller has, in the place of those of OVN's sources that are not there:
// a file holds flows, groups and meters as ovs-ofctl prints them, and ofctl keeps them installed.
package standin

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/flowhost/flowhost/e2e/dump"
)

// Sources are OVN's: together they make all of ovn-controller's flows.
var Sources = []string{"lflow", "physical", "neighbor"}

// Alone are the plugins of a node that has no ovn-controller: the sources, and what does its other duties.
var Alone = append(slices.Clone(Sources), "chassis")

// Name is the plugin that stands in for some of them.
const Name = "ofctl"

// tables says which tables are whose, with the numbers of OVN 23.03.
var tables = map[string][][2]int{
	"lflow":    {{8, 36}, {42, 63}, {68, 70}, {73, 78}},
	"physical": {{0, 0}, {37, 41}, {64, 65}},
	"neighbor": {{66, 67}, {71, 72}},
}

// Path is a plugin's program in a folder of them.
func Path(programs, name string) string { return filepath.Join(programs, "flowhost-plugin-"+name) }

// Lacking are those of some sources that have no program.
func Lacking(programs string, sources []string) (lacking []string) {
	for _, name := range sources {
		if _, err := os.Stat(Path(programs, name)); err != nil {
			lacking = append(lacking, name)
		}
	}
	return lacking
}

// Has says whether a table is one of some sources'.
func Has(sources []string, table int) bool {
	for _, name := range sources {
		if slices.ContainsFunc(tables[name], func(r [2]int) bool { return r[0] <= table && table <= r[1] }) {
			return true
		}
	}
	return false
}

// Others are those of OVN's sources that stand has not.
func Others(stand []string) []string {
	return slices.DeleteFunc(slices.Clone(Sources), func(name string) bool { return slices.Contains(stand, name) })
}

// Args are what a source of OVN's is started with to do exactly what the ovn-controller beside it does, not what is better.
func Args(name string) []string {
	if name == "lflow" {
		return []string{"--dialect=ovn-23.03"}
	}
	return nil
}

// Plugins is flowhost's configuration of plugins: some of OVN's sources, and ofctl with a file for those that stand has.
func Plugins(programs string, own, stand []string, file string) (plugins []any) {
	for _, name := range own {
		plugins = append(plugins, map[string]any{"name": name, "path": Path(programs, name), "args": Args(name)})
	}
	if len(stand) == 0 {
		return plugins
	}
	var ranges []string
	for _, name := range stand {
		for _, r := range tables[name] {
			ranges = append(ranges, strconv.Itoa(r[0])+"-"+strconv.Itoa(r[1]))
		}
	}
	conjunctions := []string{"1-99", "101-4294967295"} // 100 is physical's
	if slices.Contains(stand, "physical") {
		conjunctions = []string{"1-4294967295"}
	}
	return append(plugins, map[string]any{
		"name": Name, "path": Path(programs, Name), "args": []string{file}, "slot": 0, "tables": append(ranges, strconv.Itoa(versionTable)),
		"groups": []string{"1-8388607"}, "meters": []string{"1-28671"}, "conjunctions": conjunctions,
		"packet-in": map[string]any{"controllers": []int{0}, "userdata": []string{""}},
	})
}

// File is the text for ofctl: all groups and meters of a switch, and its flows in the tables of those sources that stand has. A version
// but 0 is a flow of its own, see [Version].
func File(from dump.Switch, stand []string, version int) string {
	lines := slices.Concat(from.Meters, from.Groups)
	for _, line := range from.Flows {
		if Has(stand, tableOf(line)) {
			lines = append(lines, line)
		}
	}
	if version > 0 {
		lines = append(lines, "table="+strconv.Itoa(versionTable)+",priority="+strconv.Itoa(version)+" actions=drop")
	}
	return strings.Join(lines, "\n") + "\n"
}

// versionTable is one that nobody else uses.
const versionTable = 253

var versionFlow = regexp.MustCompile(`\btable=` + strconv.Itoa(versionTable) + `, ?priority=(\d+)`)

// Version is that of the file whose flows a switch has; 0 before there is one. It tells that ofctl has seen a file that has changed.
func Version(of dump.Switch) (version int) {
	for _, line := range of.Flows {
		if m := versionFlow.FindStringSubmatch(line); m != nil {
			version, _ = strconv.Atoi(m[1])
		}
	}
	return version
}

var tableTerm = regexp.MustCompile(`\btable=(\d+),`)

// tableOf is the table of a flow; that of none is 0 (ovs-ofctl(8)).
func tableOf(flow string) (table int) {
	if m := tableTerm.FindStringSubmatch(strings.SplitN(flow, "actions=", 2)[0]); m != nil {
		table, _ = strconv.Atoi(m[1])
	}
	return table
}
