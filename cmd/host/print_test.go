package main

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/core/admin"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew; look at the difference before you commit it")

// printed is what each command prints, by the name of its golden file.
var printed = map[string]func(io.Writer) error{
	"plugins": func(w io.Writer) error {
		return printPlugins(w, []admin.Plugin{
			{
				Name: "neighbor", State: "synced", Since: before(3 * time.Hour), PID: 4711, Desired: 1200, Stale: 2, Synced: true,
				Version: "neighbor v1.2.0", Says: "3 datapaths",
			},
			{
				Name: "blocklist", State: "crash-loop", Since: before(42 * time.Second), Restarts: 17, Desired: 3, Stale: 3,
				Error: "source failed: line 2: unable to parse IP (exit status 1)",
			},
			{Name: "quiet", State: "stopped", Since: before(time.Minute), Error: "stopped by the operator"},
		})
	},
	"status": func(w io.Writer) error {
		return printStatus(w, admin.Status{
			Version: "v1", PID: 4711, Bridge: "br-int", Started: before(time.Hour),
			Switch: admin.Switch{
				Target: "unix:/run/br-int.mgmt", Phase: "steady", Since: before(time.Minute), DatapathID: "0000000000000001",
				Progress: admin.Progress{Due: 200_000, InFlight: 4096, Unanswered: 812_345, Backlog: 300_000, Lanes: 2},
			},
			Flows:   admin.Counts{Desired: 250_000, Installed: 45_000, Pending: 204_096, Quarantined: 12},
			Reasons: []string{"plugin lflow has not said everything it wants: syncing"},
		})
	},
	"status-reading": func(w io.Writer) error {
		return printStatus(w, admin.Status{
			Version: "v1", PID: 4711, Bridge: "br-int", Started: before(time.Hour),
			Config:  "this takes a restart of flowhost: plugin lflow: tables is [8-36], not [8-37]",
			Switch:  admin.Switch{Target: "unix:/run/br-int.mgmt", Phase: "dump", Since: before(time.Second), Progress: admin.Progress{Read: 123_456, Lanes: 1}},
			Reasons: []string{"the switch's tables are being read"},
		})
	},
	"no-plugins": func(w io.Writer) error { return printPlugins(w, nil) },
	"owners": func(w io.Writer) error {
		return printOwners(w, []admin.Owner{
			{
				Name: "neighbor", Tables: []string{"66-67", "71-72"}, Priorities: []string{"0-65535"}, MaxFlows: 1_000_000,
				Synced: true, Expected: true, Flows: 1200, UUIDs: 600,
			},
			{
				Name: "blocklist", Slot: 1, Rank: -5, Tables: []string{"0"}, Priorities: []string{"900-999"}, Groups: []string{"16777216-33554431"},
				Meters: []string{"32768-32895"}, Conjunctions: []string{"16777216-33554431"}, Zones: []string{"7"},
				Controllers: []string{"3"}, UserData: []string{"0001"}, PacketOut: []string{"0"}, MaxFlows: 50, Rate: 20,
				Grace: 90, Flows: 3, Stale: 3, Quarantined: 1, UUIDs: 3,
			},
			{Name: "idle", Slot: 2, Expected: true},
			{Name: "former", Slot: 3, Flows: 4, Stale: 4, UUIDs: 4, Removed: true},
		})
	},
	"conflicts": func(w io.Writer) error {
		return printConflicts(w, []admin.Conflict{
			{
				Table: 0, Priority: 900, Match: "ip,nw_src=192.0.2.7", Step: "class", Since: before(12 * time.Minute),
				Winner: admin.Party{
					Owner: "router", UUID: uuid.UUID{9}, Actions: "output:3", Description: &admin.Description{Text: "route to\n192.0.2.0/24"},
				},
				Loser: admin.Party{
					Owner: "blocklist", UUID: uuid.UUID{1}, Actions: "drop", Stale: true, Description: &admin.Description{Error: "source does not answer"},
				},
			},
			{
				Table: 1, Step: "rank", Since: before(time.Second),
				Winner: admin.Party{Owner: "a", UUID: uuid.UUID{1}, Actions: "drop"},
				Loser:  admin.Party{Owner: "b", UUID: uuid.UUID{1}, Actions: "drop"},
			},
		})
	},
	"logs": func(w io.Writer) error {
		return printLog(w, admin.LogLines{Last: 9, Lines: []string{"2026-01-02T03:04:05.678Z [INFO]  plugin connected: name=a", "second line"}})
	},
}

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func before(d time.Duration) time.Time { return noon.Add(-d) }

func TestPrinted(t *testing.T) {
	now = func() time.Time { return noon }
	defer func() { now = time.Now }()
	for name, print := range printed {
		var got bytes.Buffer
		if err := print(&got); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", "printed", name+".txt")
		if *rewrite {
			if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got.String() != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got.String(), want)
		}
	}
}
