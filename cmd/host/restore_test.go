package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/flowhost/flowhost/core/admin"
	"github.com/flowhost/flowhost/core/config"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// An ovs-vswitchd that waits for flows to be restored is told, and let go on by whom the configuration says.
func TestFlowRestoreWait(t *testing.T) {
	s := ovstest.Start(t, ovstest.Options{})
	s.Kill(t, ovstest.Vswitchd)
	if _, err := s.Run("ovs-vsctl", "--no-wait", "set", "Open_vSwitch", ".", "other_config:flow-restore-wait=true"); err != nil {
		t.Fatal(err)
	}
	s.Start(t, ovstest.Vswitchd)
	isSet := func() bool {
		return strings.Contains(s.Vsctl(t, "get", "Open_vSwitch", ".", "other_config"), "flow-restore-wait")
	}
	told := func(status admin.Status) bool {
		return strings.Contains(strings.Join(status.Reasons, "; "), "other_config flow-restore-wait")
	}
	never := []config.Plugin{{Name: "never", Path: "/bin/false"}} // says nothing, so what it wants is not known

	for _, c := range []struct {
		name     string
		what     string
		plugins  []config.Plugin
		finishes bool
	}{
		{"told only", "tell", nil, false},
		{"a plugin has not spoken", "finish", never, false},
		{"finished", "finish", nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			host := &config.Config{
				Switch: s.Mgmt(ovstest.Bridge), OVSDB: s.OVSDB(), FlowRestoreWait: c.what, Plugins: c.plugins,
				Socket: filepath.Join(s.Dir, "admin.sock"), StateDir: filepath.Join(s.Dir, "state"),
			}
			if err := host.Complete(); err != nil {
				t.Fatal(err)
			}
			client := serveHost(t, host, hclog.NewNullLogger(), nil, nil)
			ovstest.Eventually(t, 10*time.Second, func() error {
				status, err := client.Status(t.Context())
				if err == nil && (told(status) == c.finishes || isSet() == c.finishes || status.Switch.Phase == "disconnected") {
					err = fmt.Errorf("flow-restore-wait is set: %v; status %+v", isSet(), status)
				}
				return err
			})
			if c.finishes {
				return
			}
			if time.Sleep(2 * restoreLook); !isSet() {
				t.Error("flow-restore-wait was removed")
			}
		})
	}
}
