package cleanup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
)

// patience is how long a database is waited for.
const patience = 10 * time.Second

// Config says what to clean up.
type Config struct {
	OVSDB  string    // endpoint of the local Open_vSwitch database
	Bridge string    // name of the integration bridge
	Out    io.Writer // where to say what was removed, a line each
}

// errUnregistered is why there is nothing to remove from the southbound database.
var errUnregistered = errors.New("external_ids of table Open_vSwitch lacks system-id or ovn-remote")

// Run removes everything. A database that is not there keeps nothing from being removed from the other one.
func Run(ctx context.Context, cfg Config) error {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	model, err := vswitch.FullDatabaseModel()
	if err != nil {
		return err
	}
	client, batch, err := open(ctx, &running, ovsdb.Config{Database: "Open_vSwitch", Endpoints: cfg.OVSDB, Model: model, Tables: localTables()})
	if err != nil {
		return err
	}
	rows := newLocal(batch)
	return errors.Join(
		cfg.southbound(ctx, &running, rows.externalIDs(), keysOf(batch)),
		cfg.remove(ctx, client, rows.steps(cfg.Bridge)),
	)
}

// open follows a database and returns what there is at first.
func open(ctx context.Context, running *sync.WaitGroup, cfg ovsdb.Config) (*ovsdb.Client, *ovsdb.Batch, error) {
	client, err := ovsdb.New(cfg)
	if err != nil {
		return nil, nil, err
	}
	running.Go(func() { _ = client.Run(ctx) }) // it ends with ctx
	select {
	case batch := <-client.Batches():
		return client, batch, nil
	case <-time.After(patience):
		return nil, nil, fmt.Errorf("no database %s at %s: %w", cfg.Database, cfg.Endpoints, client.State().Err)
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
	}
}

func (l *local) externalIDs() map[string]string {
	for _, row := range l.roots {
		return row.ExternalIDs
	}
	return nil
}

// keysOf are the files that a southbound database at ssl: is reached with.
func keysOf(b *ovsdb.Batch) (keys ovsdb.TLS) {
	for row := range ovsdb.Rows[vswitch.SSL](b) {
		keys = ovsdb.TLS{PrivateKey: row.New.PrivateKey, Certificate: row.New.Certificate, CACert: row.New.CaCert}
	}
	return keys
}

// southbound removes the rows of the chassis.
func (cfg Config) southbound(ctx context.Context, running *sync.WaitGroup, externalIDs map[string]string, keys ovsdb.TLS) error {
	name, remote := externalIDs["system-id"], externalIDs["ovn-remote"]
	if own := externalIDs["ovn-remote-"+name]; own != "" {
		remote = own
	}
	if name == "" || remote == "" {
		return errUnregistered
	}
	model, err := sb.FullDatabaseModel()
	if err != nil {
		return err
	}
	own := ovsdb.Any(ovsdb.Equal("name", name))
	client, batch, err := open(ctx, running, ovsdb.Config{
		Database: "OVN_Southbound", Endpoints: remote, Model: model, TLS: keys,
		Tables: []ovsdb.Table{
			{Name: sb.ChassisTable, Columns: []string{"name"}, Where: own},
			{Name: sb.ChassisPrivateTable, Columns: []string{"name"}, Where: own},
		},
	})
	if err != nil {
		return err
	}
	var list []step
	for id := range byUUID[sb.Chassis](batch) {
		list = append(list, chassisSteps(name, id)...)
	}
	for id := range byUUID[sb.ChassisPrivate](batch) {
		list = append(list, step{"Chassis_Private " + name, []ovsdb.Operation{duty.Delete(sb.ChassisPrivateTable, id)}})
	}
	return cfg.remove(ctx, client, list)
}

// chassisSteps remove a row of Chassis. With it go its Encaps, which nothing else names, and what names it or them (ovn-sb(5)); but that
// its ports are up has to be taken back.
func chassisSteps(name, id string) []step {
	down := ovsdb.Operation{Op: libovsdb.OperationUpdate, Table: sb.PortBindingTable, Row: libovsdb.Row{"up": false},
		Where: []ovsdb.Condition{ovsdb.Equal("chassis", libovsdb.UUID{GoUUID: id}), ovsdb.Equal("up", true)}}
	return []step{
		{"up of ports of chassis " + name, []ovsdb.Operation{down}},
		{"Chassis " + name + " and its Encaps", []ovsdb.Operation{duty.Delete(sb.ChassisTable, id)}},
	}
}

// remove commits all steps, and says them.
func (cfg Config) remove(ctx context.Context, client *ovsdb.Client, list []step) error {
	if len(list) == 0 {
		return nil
	}
	var operations []ovsdb.Operation
	for _, s := range list {
		operations = append(operations, s.operations...)
	}
	results, err := client.Transact(ctx, operations...)
	if err != nil {
		return err
	}
	at := 0
	for _, s := range list {
		count := 0
		for _, r := range results[at : at+len(s.operations)] {
			count += r.Count
		}
		if at += len(s.operations); count > 0 {
			if _, err := fmt.Fprintln(cfg.Out, "removed "+s.what); err != nil {
				return err
			}
		}
	}
	return nil
}
