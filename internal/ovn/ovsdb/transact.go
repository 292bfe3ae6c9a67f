package ovsdb

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	libovsdb "github.com/ovn-org/libovsdb/ovsdb"
)

// Operation is one step of a transaction, RFC 7047 §5.2, and OperationResult what came of it.
type (
	Operation       = libovsdb.Operation
	OperationResult = libovsdb.OperationResult
)

// Transact has the server commit the operations, all or none, and returns a result for each. The changes that it makes to
// rows followed are on their way to Batches when it returns.
// Errors: ErrNotConnected, ErrConnectionLost, *TransactionError; ctx's, with the outcome unknown; ErrConfig for an operation
// that has no JSON form.
func (c *Client) Transact(ctx context.Context, operations ...Operation) ([]OperationResult, error) {
	c.mu.Lock()
	f := c.ready
	c.mu.Unlock()
	if f == nil {
		return nil, ErrNotConnected
	}
	var text []byte
	outcome := make(chan error, 1)
	err := f.session.send("transact", libovsdb.NewTransactArgs(c.cfg.Database, operations...), &call{
		result: func(p *parser) { text = p.raw() },
		done:   func(err error) { outcome <- err },
	})
	if err != nil {
		return nil, err
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case err = <-outcome:
	}
	if refused := (*serverError)(nil); errors.As(err, &refused) {
		return nil, &TransactionError{Index: -1, Name: refused.Name, Details: refused.Details}
	}
	if err != nil {
		return nil, err
	}
	return transactResults(text, operations)
}

// Strings asks the server for a column of a row that maps strings to strings, also of a row or a column that is not followed. It is nil
// when there is no such row.
// Errors: those of Transact.
func (c *Client) Strings(ctx context.Context, table string, row uuid.UUID, column string) (map[string]string, error) {
	results, err := c.Transact(ctx, Operation{Op: "select", Table: table, Where: []Condition{Equal("_uuid", row)}, Columns: []string{column}})
	if err != nil || len(results[0].Rows) == 0 {
		return nil, err
	}
	value, ok := results[0].Rows[0][column].(libovsdb.OvsMap)
	if !ok {
		return nil, fmt.Errorf("%w: column %s of %s is no map", ErrProtocol, column, table)
	}
	strings := make(map[string]string, len(value.GoMap))
	for key, value := range value.GoMap {
		strings[fmt.Sprint(key)] = fmt.Sprint(value)
	}
	return strings, nil
}

// transactResults reads the result of a transact request, RFC 7047 §4.1.3.
func transactResults(text []byte, operations []Operation) ([]OperationResult, error) {
	var results []OperationResult
	if err := unmarshal(text, &results); err != nil {
		return nil, fmt.Errorf("%w: result of a transaction: %w", ErrProtocol, err)
	}
	for i, result := range results {
		if result.Error != "" {
			refused := &TransactionError{Index: i, Name: result.Error, Details: result.Details}
			typed, err := libovsdb.CheckOperationResults(results, operations)
			if refused.Err = err; len(typed) > 0 {
				refused.Err = typed[0]
			}
			return results, refused
		}
	}
	if len(results) < len(operations) {
		return nil, fmt.Errorf("%w: %d results of %d operations", ErrProtocol, len(results), len(operations))
	}
	return results, nil
}
