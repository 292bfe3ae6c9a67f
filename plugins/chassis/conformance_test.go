package main

import (
	"path/filepath"
	"testing"

	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/sdktest"
)

// TestConformance runs the plugin as the daemon does, behind the fence that ships, with databases of its own.
func TestConformance(t *testing.T) {
	folder := programs.Folder(t)
	southbound, vswitch := ovstest.StartServer(t, ovstest.SouthboundSchema), ovstest.StartServer(t, ovstest.VswitchSchema)
	southbound.Sbctl(t, "init")
	vswitch.Vsctl(t, "init", "--", "set", "Open_vSwitch", ".", "external_ids:system-id=hv1", "external_ids:ovn-remote="+southbound.OVSDB(),
		"external_ids:ovn-encap-ip=192.0.2.1")
	sdktest.Conformance(t, sdktest.Plugin{
		Options: sdktest.Options{Owner: "chassis", Bridge: "br-int", Tables: []sdk.Range{}, Zones: []sdk.Range{{First: 1, Last: 65535}}},
		Path:    filepath.Join(folder, "flowhost-plugin-chassis"), Env: []string{"FLOWHOST_OVSDB=" + vswitch.OVSDB()},
	})
}
