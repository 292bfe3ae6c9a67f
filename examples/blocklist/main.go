// Command flowhost-plugin-blocklist drops packets from the addresses in a file, one address or prefix a line. Change the file,
// and the flows follow.
//
//	plugins:
//	  - name: blocklist
//	    path: /usr/local/bin/flowhost-plugin-blocklist
//	    env: [BLOCKLIST=/etc/blocklist]
//	    tables: [0]
package main

import (
	"context"
	"maps"
	"os"

	"github.com/flowhost/flowhost/sdk"
)

func main() { sdk.Serve(sdk.Info{Name: "blocklist", Version: "1"}, run) }

func run(ctx context.Context, h *sdk.Host) error {
	for list, err := range lists(ctx, os.Getenv("BLOCKLIST")) {
		if err != nil {
			return err // the host keeps the flows, and starts us again
		}
		if _, err := h.Replace(ctx, maps.All(list)); err != nil {
			return err
		}
	}
	return nil
}
