package main

import (
	"encoding/json"
	"os"

	"github.com/flowhost/flowhost/e2e/dump"
	"github.com/flowhost/flowhost/e2e/standin"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// chassisSource claims ports and says that they are up, where no ovn-controller does.
const chassisSource = "chassis"

// configure writes flowhost's configuration: with all sources that there are, and ofctl for the tables of those that are not.
func (s *site) configure(lacking []string) error {
	plugins := standin.Plugins(s.bin, standin.Others(lacking), lacking, s.standIn())
	if s.apart {
		plugins = append(plugins, map[string]any{"name": chassisSource, "path": standin.Path(s.bin, chassisSource)})
	}
	text, err := json.Marshal(map[string]any{ // which is YAML, too
		"bridge": ovstest.Bridge, "switch": s.own.Mgmt(ovstest.Bridge), "ovsdb": s.own.OVSDB(),
		"socket": s.own.path("run", "admin.sock"), "state-dir": s.own.path("state"), "plugins": plugins,
	})
	if err != nil {
		return err
	}
	return os.WriteFile(s.own.path("config.yaml"), text, 0o600)
}

// standIn is the file of flows that no source makes yet.
func (s *site) standIn() string { return s.own.path("flows") }

// writeStandIn writes what ovn-controller has in the tables of some sources, with all its groups and meters.
func (s *site) writeStandIn(lacking []string) error {
	has, err := dump.Read(func(program string, args ...string) (string, error) {
		return s.command(s.theirs, program, args...)
	}, ovstest.Bridge)
	if err != nil {
		return err
	}
	return os.WriteFile(s.standIn(), []byte(standin.File(has, lacking, 0)), 0o600)
}
