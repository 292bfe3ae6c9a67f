package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// checkBridge returns an error if the local database is there and has no such bridge. A database that is not there yet is no
// error: the switch is waited for then, and the bridge with it.
func checkBridge(ctx context.Context, endpoint, bridge string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
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

// bridgeNames asks for the name column of all rows of Bridge (RFC 7047 §4.1.3, §5.2.2). One question does not need the monitor
// client that OVN's sources have.
func bridgeNames(ctx context.Context, endpoint string) ([]string, error) {
	network, address, _ := strings.Cut(endpoint, ":")
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()

	type object = map[string]any
	err = json.NewEncoder(conn).Encode(object{"id": 1, "method": "transact", "params": []any{
		"Open_vSwitch", object{"op": "select", "table": "Bridge", "where": []any{}, "columns": []string{"name"}},
	}})
	if err != nil {
		return nil, err
	}
	var reply struct {
		Result []struct {
			Rows []struct{ Name string }
		}
	}
	if err := json.NewDecoder(conn).Decode(&reply); err != nil {
		return nil, err
	}
	if len(reply.Result) != 1 {
		return nil, fmt.Errorf("%s: not an Open_vSwitch database", endpoint)
	}
	var names []string
	for _, row := range reply.Result[0].Rows {
		names = append(names, row.Name)
	}
	return names, nil
}
