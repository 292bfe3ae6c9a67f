package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/flowhost/flowhost/core/config"
)

// checkBridge returns an error if the local database is there and has no such bridge, and nobody makes it. A database that is not there
// yet is no error: the switch is waited for then, and the bridge with it.
func checkBridge(ctx context.Context, c *config.Config) error {
	if slices.ContainsFunc(c.Plugins, func(p config.Plugin) bool { return p.Name == config.Chassis }) {
		return nil
	}
	endpoint, bridge := c.OVSDB, c.Bridge
	ctx, cancel := context.WithTimeout(ctx, ovsdbTimeout)
	defer cancel()
	names, err := bridgeNames(ctx, endpoint)
	if err != nil {
		return nil
	}
	if slices.Contains(names, bridge) {
		return nil
	}
	return fmt.Errorf("no bridge %s in the database at %s, which has %d (%s); make it with ovs-vsctl add-br, or name another with --bridge",
		bridge, endpoint, len(names), strings.Join(names, ", "))
}

// bridgeNames asks for the name column of all rows of Bridge (RFC 7047 §5.2.2).
func bridgeNames(ctx context.Context, endpoint string) ([]string, error) {
	results, err := transact[struct {
		Rows []struct{ Name string }
	}](ctx, endpoint, object{"op": "select", "table": "Bridge", "where": []any{}, "columns": []string{"name"}})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, row := range results[0].Rows {
		names = append(names, row.Name)
	}
	return names, nil
}
