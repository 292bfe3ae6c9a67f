package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/feed"
	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/sdk"
)

// questions answers what the operator asks, from other goroutines than the neighbors'.
type questions struct{ feed.Subject[*neighbors] }

var errUnknown = errors.New("no row that has flows is called so")

func (q *questions) describe(ctx context.Context, id uuid.UUID) (d sdk.Description, err error) {
	err = q.Ask(ctx, func(n *neighbors) (err error) {
		d, err = n.describe(id)
		return err
	})
	return d, err
}

// describe says what a row is, and where it belongs.
func (n *neighbors) describe(id uuid.UUID) (d sdk.Description, err error) {
	r := n.rows[id]
	if r == nil || r.entry == nil {
		return d, errUnknown
	}
	field := func(name string, value any) {
		d.Fields = append(d.Fields, sdk.Field{Name: name, Value: fmt.Sprint(value)})
	}
	switch e := r.entry.(type) {
	case *binding:
		d.Text = map[bool]string{true: "MAC_Binding", false: "Static_MAC_Binding"}[e.priority == priorityLearned]
		field("logical_port", r.place.name)
		field("ip", e.ip)
		field("mac", e.mac)
	case *station:
		d.Text = "FDB"
		field("mac", e.mac)
		field("port key", e.port)
	}
	if at := r.place.at; at != (local.Location{}) {
		field("datapath key", at.Datapath)
	}
	return d, nil
}
