package ovsdb

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"
)

// parseSchema reads a <database-schema>, RFC 7047 §3.2.
func parseSchema(text string) (libovsdb.DatabaseSchema, error) {
	var schema libovsdb.DatabaseSchema
	if err := unmarshal([]byte(text), &schema); err != nil {
		return schema, fmt.Errorf("%w: schema: %w", ErrProtocol, err)
	}
	return schema, nil
}

// unmarshal is json.Unmarshal into one of libovsdb's types. Those of v0.7.0 panic when a text has another shape than they
// expect, such as a column without a type or an empty list for a uuid.
func unmarshal(text []byte, into any) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("unexpected shape: %v", r)
		}
	}()
	return json.Unmarshal(text, into)
}

// fits reports whether a model's field can hold every value of a column. A model made for another version of the schema may
// have a field that cannot.
func fits(field reflect.Type, column *libovsdb.ColumnSchema) bool {
	shape := column.TypeObj
	if shape == nil || shape.Key == nil {
		return false
	}
	switch field.Kind() {
	case reflect.Map:
		return shape.Value != nil && fitsAtom(field.Key(), shape.Key) && fitsAtom(field.Elem(), shape.Value)
	case reflect.Slice:
		return shape.Value == nil && fitsAtom(field.Elem(), shape.Key)
	case reflect.Pointer:
		return shape.Value == nil && shape.Max() == 1 && fitsAtom(field.Elem(), shape.Key)
	default:
		return shape.Value == nil && shape.Max() == 1 && fitsAtom(field, shape.Key)
	}
}

func fitsAtom(field reflect.Type, base *libovsdb.BaseType) bool {
	switch base.Type {
	case libovsdb.TypeString, libovsdb.TypeUUID:
		return field.Kind() == reflect.String
	case libovsdb.TypeInteger:
		return field.Kind() == reflect.Int
	case libovsdb.TypeReal:
		return field.Kind() == reflect.Float64
	case libovsdb.TypeBoolean:
		return field.Kind() == reflect.Bool
	}
	return false
}

// admits reports whether a column may have, or have as an element, this value of a condition.
func admits(column *libovsdb.ColumnSchema, value any) bool {
	shape := column.TypeObj
	if shape == nil || shape.Key == nil { // libovsdb has only so much of _uuid
		_, ok := value.(libovsdb.UUID)
		return ok && column.Type == libovsdb.TypeUUID
	}
	if _, ok := value.(libovsdb.OvsMap); ok || shape.Value != nil {
		return ok && shape.Value != nil
	}
	set, ok := value.(libovsdb.OvsSet)
	if !ok {
		return admitsAtom(shape.Key, value)
	}
	most := shape.Max()
	if n := len(set.GoSet); n < shape.Min() || most >= 0 && n > most {
		return false
	}
	return !slices.ContainsFunc(set.GoSet, func(element any) bool { return !admitsAtom(shape.Key, element) })
}

func admitsAtom(base *libovsdb.BaseType, value any) bool {
	if len(base.Enum) > 0 && !slices.Contains(base.Enum, value) {
		return false
	}
	switch v := value.(type) {
	case string:
		return base.Type == libovsdb.TypeString
	case bool:
		return base.Type == libovsdb.TypeBoolean
	case libovsdb.UUID:
		return base.Type == libovsdb.TypeUUID
	case float64:
		return base.Type == libovsdb.TypeReal
	case int:
		least, err := base.MinInteger()
		if err != nil {
			return false // it is no integer column
		}
		most, err := base.MaxInteger()
		return err == nil && least <= v && v <= most
	}
	return false
}

// newCodec returns the codec for a model's field; nil if it is of a type that modelgen makes for no column. The keys (or
// elements) and values that are strings in Go are strings or uuids in the database.
func newCodec(field reflect.Type, uuidKeys, uuidValues bool) codec {
	key, value := stringAtom, stringAtom
	if uuidKeys {
		key = uuidAtom
	}
	if uuidValues {
		value = uuidAtom
	}
	switch reflect.Zero(field).Interface().(type) {
	case string:
		return scalar[string]{key}
	case int:
		return scalar[int]{integerAtom}
	case float64:
		return scalar[float64]{realAtom}
	case bool:
		return scalar[bool]{booleanAtom}
	case *string:
		return optional[string]{key}
	case *int:
		return optional[int]{integerAtom}
	case *float64:
		return optional[float64]{realAtom}
	case *bool:
		return optional[bool]{booleanAtom}
	case []string:
		return set[string]{key}
	case []int:
		return set[int]{integerAtom}
	case []float64:
		return set[float64]{realAtom}
	case map[string]string:
		return dict[string, string]{key, value}
	case map[string]int:
		return dict[string, int]{key, integerAtom}
	case map[int]string:
		return dict[int, string]{integerAtom, value}
	case map[int]int:
		return dict[int, int]{integerAtom, integerAtom}
	}
	return nil
}
