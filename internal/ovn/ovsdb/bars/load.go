package main

import (
	"context"
	"fmt"

	"github.com/go-logr/logr"
	libovsdb "github.com/ovn-org/libovsdb/client"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
)

const database = "OVN_Southbound"

// loads are what is measured, each in a process of its own: they load all rows, and end.
var loads = map[string]func(ctx context.Context, endpoint string, rows int) error{
	"flowhost": loadFlowhost,
	"libovsdb": loadLibovsdb,
}

// columns of a Logical_Flow that making flows from it takes.
var columns = []string{"logical_datapath", "logical_dp_group", "pipeline", "table_id", "priority", "match", "actions", "controller_meter", "external_ids"}

var flows = ovsdb.Table{Name: sb.LogicalFlowTable, Columns: columns}

func newClient(endpoint string, tables ...ovsdb.Table) (*ovsdb.Client, error) {
	model, err := sb.FullDatabaseModel()
	if err != nil {
		return nil, err
	}
	return ovsdb.New(ovsdb.Config{Database: database, Endpoints: endpoint, Model: model, Tables: tables})
}

func loadFlowhost(ctx context.Context, endpoint string, rows int) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	client, err := newClient(endpoint, flows)
	if err != nil {
		return err
	}
	go client.Run(ctx)
	batch, err := receive(ctx, client)
	if err != nil {
		return err
	}
	return enough(batch.Len(), rows)
}

// receive waits for the next batch.
func receive(ctx context.Context, client *ovsdb.Client) (*ovsdb.Batch, error) {
	batch, ok := <-client.Batches()
	if !ok {
		return nil, ctx.Err()
	}
	return batch, nil
}

func loadLibovsdb(ctx context.Context, endpoint string, rows int) error {
	model, err := sb.FullDatabaseModel()
	if err != nil {
		return err
	}
	quiet := logr.Discard()
	client, err := libovsdb.NewOVSDBClient(model, libovsdb.WithEndpoint(endpoint), libovsdb.WithLogger(&quiet))
	if err != nil {
		return err
	}
	if err := client.Connect(ctx); err != nil {
		return err
	}
	defer client.Close()
	row := &sb.LogicalFlow{}
	monitor := client.NewMonitor(libovsdb.WithTable(row, &row.LogicalDatapath, &row.LogicalDpGroup, &row.Pipeline, &row.TableID,
		&row.Priority, &row.Match, &row.Actions, &row.ControllerMeter, &row.ExternalIDs))
	if _, err := client.Monitor(ctx, monitor); err != nil {
		return err
	}
	return enough(client.Cache().Table(sb.LogicalFlowTable).Len(), rows)
}

func enough(got, want int) error {
	if got != want {
		return fmt.Errorf("%d rows were loaded, %d are there", got, want)
	}
	return nil
}
