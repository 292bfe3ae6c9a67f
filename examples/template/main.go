// Command flowhost-plugin-mysource is a flow source to start from: it drops TCP connections to the ports that MYSOURCE_PORTS names.
// Copy the folder, rename mysource, and put your own inputs and flows into source.go. README.md says how.
package main

import (
	"context"
	"maps"

	"github.com/flowhost/flowhost/sdk"
)

func main() { sdk.Serve(sdk.Info{Name: "mysource", Version: "0.1"}, run) }

// run says everything this source wants, each time its inputs have changed. An error is for the host to tell the operator: it starts
// the process again, and the flows stay meanwhile.
func run(ctx context.Context, h *sdk.Host) error {
	for ports, err := range inputs(ctx) {
		if err != nil {
			return err
		}
		flows, err := wanted(ports)
		if err != nil {
			return err
		}
		if _, err := h.Replace(ctx, maps.All(flows)); err != nil {
			return err
		}
		h.Logger().Info("flows replaced", "flows", len(flows))
	}
	return nil
}
