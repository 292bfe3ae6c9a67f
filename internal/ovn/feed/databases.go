package feed

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/hashicorp/go-hclog"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovn/vswitch"
)

// database is one that this source follows. A nil database has no channels that anything comes from.
type database struct {
	*ovsdb.Client
	name   string // for people
	wanted uint64 // epoch of the conditions asked for last
	// With the batches taken in, this epoch was reached, in this session; 0: nothing is loaded yet.
	epoch, session uint64
	taken          uint64 // the Number of the last batch
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
func followVswitch(endpoint string, tables []ovsdb.Table, logger hclog.Logger) (ovsdb.Config, error) {
	model, err := vswitch.FullDatabaseModel()
	return ovsdb.Config{
		Database:  "Open_vSwitch",
		Endpoints: endpoint,
		Model:     model,
		Tables: append(slices.Clone(tables),
			ovsdb.Table{Name: vswitch.SSLTable, Columns: []string{"private_key", "certificate", "ca_cert"}}),
		Logger: logger.Named("vswitch"),
	}, err
}

// followSouthbound is what is read of the southbound database: of some tables only the rows that these conditions want.
func followSouthbound(
	endpoints string, tables []ovsdb.Table, conditions map[string]ovsdb.Where, logger hclog.Logger,
) (ovsdb.Config, error) {
	model, err := sb.FullDatabaseModel()
	tables = with(slices.Clone(tables), sb.SBGlobalTable, "nb_cfg")
	for i := range tables {
		if where, is := conditions[tables[i].Name]; is {
			tables[i].Where = where
		}
	}
	return ovsdb.Config{
		Database:  "OVN_Southbound",
		Endpoints: endpoints,
		Model:     model,
		Tables:    tables,
		Logger:    logger.Named("southbound"),
	}, err
}

// with adds a column of a table, which may not be among tables yet.
func with(tables []ovsdb.Table, name, column string) []ovsdb.Table {
	for i := range tables {
		if t := &tables[i]; t.Name == name {
			t.Columns = append(slices.Clone(t.Columns), column)
			return tables
		}
	}
	return append(tables, ovsdb.Table{Name: name, Columns: []string{column}})
}

// take takes a batch in; nil when the client has ended.
func (d *database) take(b *ovsdb.Batch, maker Maker) {
	if b == nil {
		return
	}
	d.epoch, d.session, d.taken = b.Epoch, b.Session, b.Number
	for table, change := range b.All() {
		maker.Change(table, change)
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

// want asks for the rows of these conditions and no others.
func (d *database) want(conditions map[string]ovsdb.Where) error {
	epoch, err := d.SetConditions(conditions)
	if err == nil {
		d.wanted = epoch
	}
	return err
}

// client is nil of a nil database.
func (d *database) client() *ovsdb.Client {
	if d == nil {
		return nil
	}
	return d.Client
}

// side is the zero Side of a nil database.
func (d *database) side() Side {
	if d == nil {
		return Side{}
	}
	return Side{Client: d.Client, Taken: d.taken}
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
	case d.epoch < d.wanted, d.session < state.Session:
		return fmt.Sprintf("loading the %s from %s", d.name, state.Endpoint)
	}
	return ""
}
