package main

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/google/uuid"
	"github.com/hashicorp/go-hclog"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
)

// database is one that this source follows. A nil database has no channels that anything comes from.
type database struct {
	*ovsdb.Client
	name   string // for people
	wanted uint64 // epoch of the conditions asked for last
	epoch  uint64 // that has been reached with the batches taken in; 0: nothing is loaded yet
}

// open begins to follow a database, until ctx ends; running is done afterwards.
func open(ctx context.Context, running *sync.WaitGroup, name string, cfg ovsdb.Config) (*database, error) {
	client, err := ovsdb.New(cfg)
	if err != nil {
		return nil, err
	}
	running.Go(func() { client.Run(ctx) }) // its error is ctx's
	return &database{Client: client, name: name, wanted: 1}, nil
}

// followVswitch is what is read of the local Open_vSwitch database.
func followVswitch(endpoint string, logger hclog.Logger) (ovsdb.Config, error) {
	model, err := vswitch.FullDatabaseModel()
	return ovsdb.Config{
		Database:  "Open_vSwitch",
		Endpoints: endpoint,
		Model:     model,
		Tables: append(local.VswitchTables(),
			ovsdb.Table{Name: vswitch.SSLTable, Columns: []string{"private_key", "certificate", "ca_cert"}}),
		Logger: logger.Named("vswitch"),
	}, err
}

// followSouthbound is what is read of the southbound database. MAC bindings come when their datapaths are known, see want.
func followSouthbound(endpoints string, logger hclog.Logger) (ovsdb.Config, error) {
	model, err := sb.FullDatabaseModel()
	return ovsdb.Config{
		Database:  "OVN_Southbound",
		Endpoints: endpoints,
		Model:     model,
		Tables: append(local.SouthboundTables(),
			ovsdb.Table{Name: sb.MACBindingTable, Columns: []string{"logical_port", "ip", "mac"}, Where: ovsdb.Any()},
			ovsdb.Table{Name: sb.StaticMACBindingTable, Columns: []string{"logical_port", "ip", "mac", "override_dynamic_mac"}},
			ovsdb.Table{Name: sb.FDBTable, Columns: []string{"mac", "dp_key", "port_key"}}),
		Logger: logger.Named("southbound"),
	}, err
}

// take takes a batch in; nil when the client has ended.
func (d *database) take(b *ovsdb.Batch, n *neighbors) {
	if b == nil {
		return
	}
	d.epoch = b.Epoch
	for table, change := range b.All() {
		n.change(table, change)
	}
}

// keys are the files that ssl: endpoints are reached with after a batch of the local database: those of its SSL row, of which
// there is one at most (ovs-vswitchd.conf.db(5)), or the ones before.
func keys(b *ovsdb.Batch, before ovsdb.TLS) ovsdb.TLS {
	if b == nil {
		return before
	}
	gone := false
	for row := range ovsdb.Rows[vswitch.SSL](b) {
		if row.New != nil {
			return ovsdb.TLS{PrivateKey: row.New.PrivateKey, Certificate: row.New.Certificate, CACert: row.New.CaCert}
		}
		gone = true
	}
	if gone {
		return ovsdb.TLS{}
	}
	return before
}

// want asks the southbound database for the MAC bindings of these datapaths and no others, as ovn-controller does (ovn-controller.c,
// update_sb_monitors): there may be a million of them elsewhere. So a row has flows only if both are local: the datapath of its
// port and the one that its column datapath names, which ovn-controller makes the same.
func (d *database) want(datapaths []uuid.UUID) error {
	slices.SortFunc(datapaths, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	var any []ovsdb.Condition
	for _, id := range datapaths {
		any = append(any, ovsdb.Equal("datapath", id))
	}
	epoch, err := d.SetConditions(map[string]ovsdb.Where{sb.MACBindingTable: ovsdb.Any(any...)})
	if err == nil {
		d.wanted = epoch
	}
	return err
}

// batches is where changes come from.
func (d *database) batches() <-chan *ovsdb.Batch {
	if d == nil {
		return nil
	}
	return d.Batches()
}

// states is where the client's states come from.
func (d *database) states() <-chan ovsdb.State {
	if d == nil {
		return nil
	}
	return d.States()
}

// missing says what is missing until all that is wanted of the database has been taken in, and it is there; "" when nothing is.
func (d *database) missing() string {
	state := d.State()
	switch {
	case state.Phase != ovsdb.Ready && state.Err != nil:
		return fmt.Sprintf("waiting for the %s at %s: %v", d.name, state.Endpoint, state.Err)
	case state.Phase != ovsdb.Ready:
		return fmt.Sprintf("waiting for the %s at %s", d.name, state.Endpoint)
	case d.epoch < d.wanted:
		return fmt.Sprintf("loading the %s from %s", d.name, state.Endpoint)
	}
	return ""
}
