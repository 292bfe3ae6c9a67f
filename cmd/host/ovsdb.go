package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"time"
)

// ovsdbTimeout is how long one question to the local database may take.
const ovsdbTimeout = 5 * time.Second

// object is a JSON object on its way to a database.
type object = map[string]any

// transact has the Open_vSwitch database at endpoint ("unix:PATH" or "tcp:HOST:PORT") do operations, all or none, and returns what
// each of them answers (RFC 7047 §4.1.3). One question now and then does not need the monitor client that OVN's sources have.
func transact[T any](ctx context.Context, endpoint string, operations ...object) ([]T, error) {
	network, address, _ := strings.Cut(endpoint, ":")
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()

	params := []any{"Open_vSwitch"}
	for _, o := range operations {
		params = append(params, o)
	}
	if err := json.NewEncoder(conn).Encode(object{"id": 1, "method": "transact", "params": params}); err != nil {
		return nil, err
	}
	var reply struct {
		Error  any
		Result []json.RawMessage
	}
	if err := json.NewDecoder(conn).Decode(&reply); err != nil {
		return nil, err
	}
	if reply.Error != nil || len(reply.Result) != len(operations) {
		return nil, fmt.Errorf("%s: not an Open_vSwitch database, or it refuses (%v)", endpoint, reply.Error)
	}
	results := make([]T, len(reply.Result))
	for i, text := range reply.Result {
		var failed struct{ Error, Details string }
		if json.Unmarshal(text, &failed) == nil && failed.Error != "" {
			return nil, fmt.Errorf("%s: %s: %s", endpoint, failed.Error, failed.Details)
		}
		if err := json.Unmarshal(text, &results[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", endpoint, err)
		}
	}
	return results, nil
}
