package ovsdb

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/google/uuid"
	libovsdb "github.com/ovn-org/libovsdb/ovsdb"
)

// Condition is one comparison of a column with a value, RFC 7047 §5.1.
type Condition = libovsdb.Condition

// Where says which rows of a table are wanted. Its zero value means all of them.
type Where struct {
	limited bool
	any     []Condition
}

// Any wants the rows that match at least one of the conditions (ovsdb-server(7) 4.1.12); so without conditions, none.
func Any(conditions ...Condition) Where { return Where{limited: true, any: conditions} }

// Equal is the condition that a column has exactly this value: a string, an int, a float64, a bool, a uuid.UUID, a []string, a
// map[string]string, or one of libovsdb's UUID, OvsSet and OvsMap.
func Equal(column string, value any) Condition {
	return libovsdb.NewCondition(column, libovsdb.ConditionEqual, notation(value))
}

// Includes is the condition that a set has this element or all these, or a map all these pairs.
func Includes(column string, value any) Condition {
	return libovsdb.NewCondition(column, libovsdb.ConditionIncludes, notation(value))
}

// notation gives a Go value the form that libovsdb writes as RFC 7047 §5.1 has it.
func notation(value any) any {
	switch v := value.(type) {
	case uuid.UUID:
		return libovsdb.UUID{GoUUID: v.String()}
	case []string:
		set := libovsdb.OvsSet{GoSet: make([]any, 0, len(v))}
		for _, element := range v {
			set.GoSet = append(set.GoSet, element)
		}
		return set
	case map[string]string:
		pairs := make(map[any]any, len(v))
		for key, value := range v {
			pairs[key] = value
		}
		return libovsdb.OvsMap{GoMap: pairs}
	}
	return value
}

// conditions are those of all tables at one epoch. Immutable.
type conditions struct {
	epoch uint64
	where []Where // of the table of the same index
}

// check refuses conditions that can never be asked for.
func (t *table) check(w Where) error {
	for _, condition := range w.any {
		if _, ok := t.fields[condition.Column]; !ok {
			return fmt.Errorf("%w: condition on column %q, which the model of table %s lacks", ErrConfig, condition.Column, t.name)
		}
		switch condition.Value.(type) {
		case string, int, float64, bool, libovsdb.UUID, libovsdb.OvsSet, libovsdb.OvsMap:
		default:
			return fmt.Errorf("%w: condition on column %q of table %s: value of type %T", ErrConfig, condition.Column, t.name, condition.Value)
		}
	}
	return nil
}

// conditions gives a Where the form that the wire has; nil for all rows. A condition that no row can match is left out: on a
// column that the server lacks, or with a value that the column cannot have, for which the server would refuse them all.
func (t *table) conditions(w Where) []any {
	if !w.limited {
		return nil
	}
	var list []any
	for _, condition := range w.any {
		if column := t.schema.Column(condition.Column); column != nil && admits(column, condition.Value) {
			list = append(list, condition)
		}
	}
	if list == nil {
		list = []any{false}
	}
	return list
}

// SetConditions replaces the conditions of the tables named and leaves those of others. It returns at once; the batches'
// Epoch says when all rows of it have come. Conditions already asked for get the epoch they have. Errors: ErrConfig.
func (c *Client) SetConditions(changed map[string]Where) (epoch uint64, err error) {
	c.mu.Lock()
	next := conditions{where: slices.Clone(c.wanted.where)}
	for name, where := range changed {
		i := c.rows.find(name)
		if i < 0 {
			c.mu.Unlock()
			return 0, fmt.Errorf("%w: table %q is not followed", ErrConfig, name)
		}
		if err := c.rows.tables[i].check(where); err != nil {
			c.mu.Unlock()
			return 0, err
		}
		next.where[i] = where
	}
	if reflect.DeepEqual(next.where, c.wanted.where) {
		defer c.mu.Unlock()
		return c.wanted.epoch, nil
	}
	next.epoch = c.wanted.epoch + 1
	c.wanted = next
	f := c.ready
	c.mu.Unlock()
	if f != nil {
		f.changeConditions()
	}
	return next.epoch, nil
}

// resume returns the conditions to begin a session with, and the transaction to go on from. To go on, they must be those
// that the rows held are of; otherwise everything is loaded, so that they can be those wanted now.
func (c *Client) resume() (conditions, uuid.UUID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == uuid.Nil {
		return c.wanted, uuid.Nil
	}
	return c.acked, c.last
}

// conditionChange is a <monitor-cond-update-request>, ovsdb-server(7) 4.1.13.
type conditionChange struct {
	Where []any `json:"where"`
}

// changeConditions asks for the conditions wanted, unless the server has them or a request is on the way: then what is wanted by
// then follows it. One request at a time, because each has the server look at all rows.
func (f *follower) changeConditions() {
	c := f.client
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ready != f || c.asked != nil || c.acked.epoch == c.wanted.epoch {
		return
	}
	asked := c.wanted
	requests := map[string][]conditionChange{}
	for i, t := range c.rows.tables {
		if t.schema != nil && !reflect.DeepEqual(asked.where[i], c.acked.where[i]) {
			where := t.conditions(asked.where[i])
			if where == nil {
				where = []any{true}
			}
			requests[t.name] = []conditionChange{{where}}
		}
	}
	method, params := "monitor_cond_change", []any{monitorRows, monitorRows, requests}
	if f.method == "monitor" { // its server knows no conditions: all rows are there already
		method, params = "echo", []any{}
	}
	c.asked = &asked
	f.session.send(method, params, &call{slow: true, done: func(err error) { f.conditionsChanged(asked, err) }})
}

// conditionsChanged is called when the server has done so: the rows that differ have come before its reply (ovsdb-server(7)
// 4.1.13).
func (f *follower) conditionsChanged(asked conditions, err error) {
	if err != nil {
		f.session.fail(err)
		return
	}
	c := f.client
	c.mu.Lock()
	c.acked, c.asked = asked, nil
	c.mu.Unlock()
	f.hand(&Batch{TxnID: c.last, tables: c.rows.nothing()})
	f.changeConditions()
}
