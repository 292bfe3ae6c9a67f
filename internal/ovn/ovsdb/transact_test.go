package ovsdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// A column that is not followed can be asked for.
func TestStrings(t *testing.T) {
	s := ovstest.StartServer(t, ovstest.SouthboundSchema)
	c := consume(t, sbConfig(t, s.OVSDB(), Table{Name: sb.AddressSetTable}))
	c.untilPhase(Ready)
	results, err := c.Transact(t.Context(), Operation{Op: "insert", Table: sb.DatapathBindingTable, Row: libovsdb.Row{
		"tunnel_key": 7, "external_ids": notation(map[string]string{"name": "ls", "x": "y"}),
	}})
	if err != nil {
		t.Fatal(err)
	}
	row := uuid.MustParse(results[0].UUID.GoUUID)
	if got, err := c.Strings(t.Context(), sb.DatapathBindingTable, row, "external_ids"); len(got) != 2 || got["name"] != "ls" || got["x"] != "y" {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := c.Strings(t.Context(), sb.DatapathBindingTable, uuid.New(), "external_ids"); got != nil || err != nil {
		t.Errorf("of no row: %v, %v", got, err)
	}
	if got, err := c.Strings(t.Context(), sb.DatapathBindingTable, row, "tunnel_key"); got != nil || !errors.Is(err, ErrProtocol) {
		t.Errorf("of a number: %v, %v", got, err)
	}
	if got, err := c.Strings(t.Context(), sb.DatapathBindingTable, row, "nonesuch"); got != nil || !errors.Is(err, ErrTransaction) {
		t.Errorf("of no column: %v, %v", got, err)
	}
}

// With the batch of the number that there was when Transact returned, all has come that it has changed.
func TestMade(t *testing.T) {
	s := ovstest.StartServer(t, ovstest.SouthboundSchema)
	c := consume(t, sbConfig(t, s.OVSDB(), Table{Name: sb.AddressSetTable}))
	c.untilPhase(Ready)
	for n := 1; n <= 100; n++ {
		if _, err := c.Transact(t.Context(), addressSet(fmt.Sprint("as", n))); err != nil {
			t.Fatal(err)
		}
		made := c.Made()
		c.until(func() error {
			if has := len(c.batches); has == 0 || c.batches[has-1].Number < made {
				return fmt.Errorf("batch %d is still on its way", made)
			}
			if got := len(c.rows[sb.AddressSetTable]); got != n {
				t.Errorf("%d rows with batch %d, want %d", got, made, n)
			}
			return nil
		})
	}
}

func TestTransact(t *testing.T) {
	s := ovstest.StartServer(t, ovstest.SouthboundSchema)
	c := consume(t, sbConfig(t, s.OVSDB(), Table{Name: sb.AddressSetTable}))
	c.untilPhase(Ready)
	results, err := c.Transact(t.Context(), addressSet("as1", "10.0.0.1"), Operation{Op: "select", Table: sb.AddressSetTable})
	if err != nil || len(results) != 2 || len(results[0].UUID.GoUUID) != uuidLength || len(results[1].Rows) != 1 {
		t.Errorf("results %+v, error %v", results, err)
	}
	c.untilNames("as1")

	timeout := 0
	chassis := Operation{Op: "insert", Table: sb.ChassisTable, Row: libovsdb.Row{"name": "ch1"}}
	wait := Operation{Op: "wait", Table: sb.AddressSetTable, Timeout: &timeout,
		Where: []Condition{Equal("name", "as1")}, Columns: []string{"name"}, Until: "==", Rows: []libovsdb.Row{{"name": "as2"}}}
	var constraint *libovsdb.ConstraintViolation
	var integrity *libovsdb.ReferentialIntegrityViolation
	var timedOut *libovsdb.TimedOut
	for name, test := range map[string]struct {
		operations []Operation
		index      int
		word       string
		typed      any
	}{
		"index violated at the commit":   {[]Operation{addressSet("as2"), addressSet("as1")}, 2, "constraint violation", &constraint},
		"reference to nothing":           {[]Operation{chassis}, 1, "referential integrity violation", &integrity},
		"wait that times out":            {[]Operation{addressSet("as2"), wait}, 1, "timed out", &timedOut},
		"no such table":                  {[]Operation{addressSet("as2"), {Op: "insert", Table: "Nonesuch"}}, 1, "syntax error", nil},
		"no such operation":              {[]Operation{{Op: "nonesuch"}}, 0, "syntax error", nil},
		"asks for what it must not lack": {[]Operation{{Op: "insert"}}, 0, "syntax error", nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.Transact(t.Context(), test.operations...)
			var refused *TransactionError
			if !errors.As(err, &refused) || !errors.Is(err, ErrTransaction) {
				t.Fatalf("error %v is no TransactionError", err)
			}
			if refused.Index != test.index || refused.Name != test.word || refused.Details == "" || refused.Error() == "" {
				t.Errorf("refused %+v, want index %d, name %q", refused, test.index, test.word)
			}
			if test.typed != nil && !errors.As(err, test.typed) {
				t.Errorf("error %v is no %T", err, test.typed)
			}
		})
	}
	c.untilEqual(s, s.OVSDB(), sb.AddressSetTable) // nothing half done
}

// A transaction without a connection is refused at once; one whose connection ends is of unknown outcome.
func TestTransactWithoutConnection(t *testing.T) {
	s := ovstest.StartServer(t, ovstest.SouthboundSchema)
	c := consume(t, sbConfig(t, s.OVSDB(), Table{Name: sb.AddressSetTable}))
	c.untilPhase(Ready)
	s.Pause(t, ovstest.OVSDB)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Transact(ctx, addressSet("as1")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want DeadlineExceeded", err)
	}
	outcome := make(chan error)
	go func() {
		_, err := c.Transact(context.Background(), addressSet("as2"))
		outcome <- err
	}()
	time.Sleep(50 * time.Millisecond) // so that it has been sent; if not, it is refused, and the test fails
	s.Kill(t, ovstest.OVSDB)
	if err := <-outcome; !errors.Is(err, ErrConnectionLost) {
		t.Errorf("error %v, want ErrConnectionLost", err)
	}
	c.untilPhase(Waiting)
	if _, err := c.Transact(t.Context(), addressSet("as3")); !errors.Is(err, ErrNotConnected) {
		t.Errorf("error %v, want ErrNotConnected", err)
	}
}

// Replies that no server should give.
func TestTransactReplies(t *testing.T) {
	plain := plainServer(t)
	replies := make(chan string, 1)
	f := startFake(t, func(session int, method string, params []json.RawMessage) string {
		if method == "transact" {
			return <-replies
		}
		return plain(session, method, params)
	})
	c := consume(t, sbConfig(t, f.endpoint(), Table{Name: sb.AddressSetTable}))
	c.untilPhase(Ready)
	for reply, want := range map[string]error{
		`"result":[],"error":null`:                        ErrProtocol,
		`"result":{},"error":null`:                        ErrProtocol,
		`"error":null`:                                    ErrProtocol,
		`"result":[{"uuid":[]}],"error":null`:             ErrProtocol,
		`"result":null,"error":"canceled"`:                ErrTransaction,
		`"result":null,"error":{"error":"not supported"}`: ErrTransaction,
		`"result":null,"error":[1]`:                       ErrTransaction,
		`"result":[{"error":"odd"}],"error":null`:         ErrTransaction,
	} {
		replies <- reply
		if _, err := c.Transact(t.Context(), addressSet("as1")); !errors.Is(err, want) {
			t.Errorf("%s: error %v, want %v", reply, err, want)
		}
	}
}
