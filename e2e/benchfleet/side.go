package main

import (
	"context"
	"fmt"

	"github.com/flowhost/flowhost/internal/ovstest"
)

// A side is what writes the flows of all nodes.
type side struct {
	name string
	up   func(context.Context, *node) error
	down func(context.Context, *node) error
	idle func(context.Context, *node) error // says what it still has to do
}

var sides = []side{flowhost, controller}

var flowhost = side{
	name: "flowhost",
	up:   func(ctx context.Context, n *node) error { return n.Up(ctx, hostName) },
	down: func(_ context.Context, n *node) error { return n.Down(hostName) },
	idle: func(ctx context.Context, n *node) error {
		status, err := n.admin.Status(ctx)
		if err != nil {
			return err
		}
		if f := status.Flows; !status.Ready || f.Pending+f.Quarantined+f.Stale > 0 {
			return fmt.Errorf("flowhost of %s says %+v, %v", n.Options.SystemID, f, status.Reasons)
		}
		return nil
	},
}

var controller = side{
	name: "ovn-controller",
	up:   func(ctx context.Context, n *node) error { return n.Up(ctx, ovstest.Controller) },
	// It leaves what it has bound, and its tunnels, to whoever comes next (ovn-controller(8), exit --restart).
	down: func(ctx context.Context, n *node) error {
		if n.Pid(ovstest.Controller) == 0 {
			return nil
		}
		if _, err := n.Control(ovstest.Controller, "exit", "--restart"); err != nil {
			return err
		}
		return ovstest.Poll(ctx, func() error {
			if n.Pid(ovstest.Controller) != 0 {
				return fmt.Errorf("ovn-controller of %s is still there", n.Options.SystemID)
			}
			return nil
		})
	},
	idle: func(context.Context, *node) error { return nil },
}
