package duty

import (
	"strings"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
)

// Name is a uuid-name (RFC 7047 §3.1, <id>) for what is called this way: no two Writes that are on their way at the same time insert rows of
// the same kind and name.
func Name(kind, name string) string {
	var b strings.Builder
	b.WriteString(kind)
	for i := range len(name) {
		const hex = "0123456789abcdef"
		b.WriteByte(hex[name[i]>>4])
		b.WriteByte(hex[name[i]&15])
	}
	return b.String()
}

// Insert makes a row, which other operations of the transaction call by this uuid-name.
func Insert(table, name string, row libovsdb.Row) ovsdb.Operation {
	return ovsdb.Operation{Op: libovsdb.OperationInsert, Table: table, UUIDName: name, Row: row}
}

// Update gives the row with this UUID other values in some columns.
func Update(table, id string, row libovsdb.Row) ovsdb.Operation {
	return ovsdb.Operation{Op: libovsdb.OperationUpdate, Table: table, Where: is(id), Row: row}
}

// Mutate changes values of the row with this UUID (RFC 7047 §5.1, <mutation>).
func Mutate(table, id string, mutations ...libovsdb.Mutation) ovsdb.Operation {
	return ovsdb.Operation{Op: libovsdb.OperationMutate, Table: table, Where: is(id), Mutations: mutations}
}

// SetKeys gives keys of a map these values, and leaves other keys as they are. (An insert alone would leave those, too, that are there
// already, RFC 7047 §5.1.)
func SetKeys(table, id, column string, pairs map[string]string) ovsdb.Operation {
	keys := libovsdb.OvsSet{}
	for key := range pairs {
		keys.GoSet = append(keys.GoSet, key)
	}
	return Mutate(table, id,
		libovsdb.Mutation{Column: column, Mutator: libovsdb.MutateOperationDelete, Value: keys},
		libovsdb.Mutation{Column: column, Mutator: libovsdb.MutateOperationInsert, Value: Map(pairs)})
}

// Delete takes the row with this UUID away.
func Delete(table, id string) ovsdb.Operation {
	return ovsdb.Operation{Op: libovsdb.OperationDelete, Table: table, Where: is(id)}
}

// Unchanged lets the transaction fail unless these columns of the row with this UUID have these values still: somebody else may
// have written meanwhile.
func Unchanged(table, id string, row libovsdb.Row) ovsdb.Operation {
	timeout := 0
	columns := make([]string, 0, len(row))
	for column := range row {
		columns = append(columns, column)
	}
	return ovsdb.Operation{Op: libovsdb.OperationWait, Table: table, Where: is(id), Timeout: &timeout,
		Columns: columns, Until: string(libovsdb.WaitConditionEqual), Rows: []libovsdb.Row{row}}
}

func is(id string) []libovsdb.Condition {
	return []libovsdb.Condition{libovsdb.NewCondition("_uuid", libovsdb.ConditionEqual, libovsdb.UUID{GoUUID: id})}
}
