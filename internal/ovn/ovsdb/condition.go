package ovsdb

import (
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

// Equal is the condition that a column has exactly this value: a string, an int, a bool, a uuid.UUID, or what libovsdb's
// notation has (ovsdb.OvsSet, ovsdb.OvsMap).
func Equal(column string, value any) Condition {
	return libovsdb.NewCondition(column, libovsdb.ConditionEqual, notation(value))
}

// Includes is the condition that a set has this element, or all of a libovsdb.OvsSet, or that a map has all pairs of a
// map[string]string.
func Includes(column string, value any) Condition {
	return libovsdb.NewCondition(column, libovsdb.ConditionIncludes, notation(value))
}

// notation gives a Go value the form that libovsdb writes as RFC 7047 §5.1 has it.
func notation(value any) any {
	switch v := value.(type) {
	case uuid.UUID:
		return libovsdb.UUID{GoUUID: v.String()}
	case map[string]string:
		pairs := make(map[any]any, len(v))
		for key, value := range v {
			pairs[key] = value
		}
		return libovsdb.OvsMap{GoMap: pairs}
	}
	return value
}
