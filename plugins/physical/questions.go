package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/feed"
	"github.com/flowhost/flowhost/sdk"
)

// questions answers what the operator asks, from other goroutines than the network's.
type questions struct{ feed.Subject[*network] }

func (q *questions) info() sdk.Info {
	return sdk.Info{
		Name: "physical", Version: "0.1", Describe: q.describe,
		Commands: map[string]func(context.Context, []string) (string, error){
			"dependencies": q.dependencies,
			"recompute":    q.recompute,
		},
	}
}

var (
	errUnknown = errors.New("nothing that has flows is called so")
	errUsage   = errors.New("usage: dependencies UUID|PORT")
)

func (q *questions) describe(ctx context.Context, id uuid.UUID) (d sdk.Description, err error) {
	err = q.Ask(ctx, func(n *network) (err error) {
		d, err = n.describe(id)
		return err
	})
	return d, err
}

// dependencies shows what the flows of a unit were made of.
func (q *questions) dependencies(ctx context.Context, args []string) (string, error) {
	if len(args) != 1 {
		return "", errUsage
	}
	var b strings.Builder
	err := q.Ask(ctx, func(n *network) error {
		u := n.find(args[0])
		if u == nil {
			return errUnknown
		}
		fmt.Fprintf(&b, "%s %s depends on\n", u.kind, u.name)
		for _, f := range u.facts {
			fmt.Fprintf(&b, "  %v\n", f)
		}
		return nil
	})
	return b.String(), err
}

// recompute makes all flows anew.
func (q *questions) recompute(ctx context.Context, _ []string) (text string, err error) {
	err = q.Ask(ctx, func(n *network) error {
		for _, u := range n.units {
			n.markUnit(u)
		}
		text = fmt.Sprintf("%d things are evaluated anew\n", len(n.units))
		return nil
	})
	return text, err
}

// find finds a unit by the UUID of its flows, or a port by its name.
func (n *network) find(name string) *unit {
	if row := n.local.Row(name); row != nil {
		return n.units[what{kindPort, row.UUID}]
	}
	id, err := uuid.Parse(name)
	if err != nil {
		return nil
	}
	return n.byID(id)
}

func (n *network) byID(id uuid.UUID) *unit {
	for _, kind := range []kind{kindPort, kindGroup} {
		if u := n.units[what{kind, id.String()}]; u != nil {
			return u
		}
	}
	for _, u := range n.units { // those that are no rows have UUIDs of their own
		if u.id == id {
			return u
		}
	}
	return nil
}

// describe says what a UUID that has flows is.
func (n *network) describe(id uuid.UUID) (sdk.Description, error) {
	u := n.byID(id)
	if u == nil {
		if f := n.shared.flows[id]; f != nil {
			return sdk.Description{Text: "wanted by this many ports or chassis: " + fmt.Sprint(f.users)}, nil
		}
		return sdk.Description{}, errUnknown
	}
	d := sdk.Description{Text: u.kind.String()}
	field := func(name, value string) {
		if value != "" {
			d.Fields = append(d.Fields, sdk.Field{Name: name, Value: value})
		}
	}
	switch u.kind {
	case kindFixed:
		d.Text = "what is there on every chassis"
	case kindTunnels:
		d.Text = "tunnels from chassis " + u.name
	case kindChassis:
		d.Text = "Ethernet addresses of a chassis"
		if row := n.local.Chassis(u.name); row != nil {
			field("chassis", row.Name)
		}
	case kindPort:
		if row := n.local.Binding(u.name); row != nil {
			d.Text = "Port_Binding " + row.LogicalPort
			field("logical_port", row.LogicalPort)
			field("type", typeName(row.Type))
			field("datapath", row.Datapath)
			field("key", fmt.Sprint(row.TunnelKey))
			field("datapath key", fmt.Sprint(n.local.TunnelKey(row.Datapath)))
		}
	case kindGroup:
		if row := n.groups[u.name]; row != nil {
			d.Text = "Multicast_Group " + row.Name
			field("name", row.Name)
			field("datapath", row.Datapath)
			field("key", fmt.Sprint(row.TunnelKey))
			field("datapath key", fmt.Sprint(n.local.TunnelKey(row.Datapath)))
			field("ports", fmt.Sprint(len(row.Ports)))
		}
	}
	field("problem", u.problem)
	return d, nil
}

// typeName names the type of a port; "" is a VIF.
func typeName(t string) string {
	if t == typeVIF {
		return "VIF"
	}
	return t
}
