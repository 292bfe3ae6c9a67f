package main

import (
	"testing"

	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/sdktest"
)

// TestConformance runs the plugin as the daemon does, behind the fence that ships, with databases of its own.
func TestConformance(t *testing.T) {
	program := ovstest.BuildOne(t, "neighbor", ".")
	local := chassis(t, southbound(t, "10.0.0.1").OVSDB())
	sdktest.Conformance(t, sdktest.Plugin{
		Options: sdktest.Options{Owner: "neighbor", Bridge: "br-int", Tables: []sdk.Range{{First: 66, Last: 67}, {First: 71, Last: 72}}},
		Path:    program, Env: []string{"FLOWHOST_OVSDB=" + local.OVSDB()},
	})
}
