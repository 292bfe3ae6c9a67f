package ovsdb

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
)

const someUUID = "ae8f3f90-79a1-4aee-ba63-2bd7909ed3d3"
const otherUUID = "00000000-0000-0000-0000-000000000001"

func pointerTo[T any](v T) *T { return &v }

// What a column's field is after a value was read, then a difference applied. A nil difference is none.
func TestColumns(t *testing.T) {
	for name, test := range map[string]struct {
		codec      codec
		text, diff string
		want       any
	}{
		"string":                   {scalar[string]{stringAtom}, `"x"`, ``, "x"},
		"integer":                  {scalar[int]{integerAtom}, `-9223372036854775808`, ``, math.MinInt64},
		"real":                     {scalar[float64]{realAtom}, `1.5e3`, ``, 1500.0},
		"boolean":                  {scalar[bool]{booleanAtom}, `true`, ``, true},
		"uuid":                     {scalar[string]{uuidAtom}, `["uuid","` + someUUID + `"]`, ``, someUUID},
		"scalar as a set":          {scalar[int]{integerAtom}, `["set",[7]]`, ``, 7},
		"scalar without a value":   {scalar[int]{integerAtom}, `["set",[]]`, ``, 0},
		"optional":                 {optional[string]{stringAtom}, `"x"`, ``, pointerTo("x")},
		"optional empty":           {optional[string]{stringAtom}, `["set",[]]`, ``, (*string)(nil)},
		"optional uuid":            {optional[string]{uuidAtom}, `["uuid","` + someUUID + `"]`, ``, pointerTo(someUUID)},
		"optional changes":         {optional[int]{integerAtom}, `1`, `2`, pointerTo(2)},
		"optional goes":            {optional[int]{integerAtom}, `1`, `["set",[]]`, (*int)(nil)},
		"set of one":               {set[string]{stringAtom}, `"x"`, ``, []string{"x"}},
		"set":                      {set[int]{integerAtom}, `["set",[3,1,2]]`, ``, []int{1, 2, 3}},
		"set empty":                {set[int]{integerAtom}, `["set",[]]`, ``, []int(nil)},
		"set of a uuid":            {set[string]{uuidAtom}, `["uuid","` + someUUID + `"]`, ``, []string{someUUID}},
		"set of uuids":             {set[string]{uuidAtom}, `["set",[["uuid","` + someUUID + `"],["uuid","` + otherUUID + `"]]]`, ``, []string{otherUUID, someUUID}},
		"set gains and loses":      {set[int]{integerAtom}, `["set",[1,3,5]]`, `["set",[0,3,4,9]]`, []int{0, 1, 4, 5, 9}},
		"set becomes empty":        {set[string]{stringAtom}, `["set",["a","b"]]`, `["set",["a","b"]]`, []string(nil)},
		"set from empty":           {set[string]{stringAtom}, `["set",[]]`, `"b"`, []string{"b"}},
		"map":                      {dict[string, string]{stringAtom, stringAtom}, `["map",[["a","1"],["b","2"]]]`, ``, map[string]string{"a": "1", "b": "2"}},
		"map empty":                {dict[string, string]{stringAtom, stringAtom}, `["map",[]]`, ``, map[string]string(nil)},
		"map of uuids":             {dict[int, string]{integerAtom, uuidAtom}, `["map",[[5,["uuid","` + someUUID + `"]]]]`, ``, map[int]string{5: someUUID}},
		"map gains, loses, alters": {dict[string, string]{stringAtom, stringAtom}, `["map",[["a","1"],["b","2"]]]`, `["map",[["a","1"],["b","3"],["c","4"]]]`, map[string]string{"b": "3", "c": "4"}},
		"map becomes empty":        {dict[string, int]{stringAtom, integerAtom}, `["map",[["a",1]]]`, `["map",[["a",1]]]`, map[string]int(nil)},
	} {
		t.Run(name, func(t *testing.T) {
			field := reflect.New(reflect.TypeOf(test.want))
			p := parseText([]byte(test.text), newInterner())
			test.codec.read(p, field.Interface())
			if p.err != nil {
				t.Fatal(p.err)
			}
			old := reflect.New(field.Elem().Type())
			old.Elem().Set(field.Elem())
			before := old.Elem().Interface()
			if test.diff != "" {
				p = parseText([]byte(test.diff), newInterner())
				test.codec.apply(p, field.Interface())
				if p.err != nil {
					t.Fatal(p.err)
				}
				if test.codec.equal(field.Interface(), old.Interface()) {
					t.Error("equals what it was before")
				}
			}
			if got := field.Elem().Interface(); !reflect.DeepEqual(got, test.want) {
				t.Errorf("%#v, want %#v", got, test.want)
			}
			want := reflect.New(field.Elem().Type())
			want.Elem().Set(reflect.ValueOf(test.want))
			if !test.codec.equal(field.Interface(), want.Interface()) {
				t.Error("does not equal what it should be")
			}
			if again := parseText([]byte(test.text), newInterner()); !reflect.DeepEqual(readAgain(test.codec, again, field), before) {
				t.Error("the older version was changed")
			}
		})
	}
}

func readAgain(c codec, p *parser, like reflect.Value) any {
	field := reflect.New(like.Elem().Type())
	c.read(p, field.Interface())
	return field.Elem().Interface()
}

func TestColumnMistakes(t *testing.T) {
	text, uuids, numbers := scalar[string]{stringAtom}, set[string]{uuidAtom}, optional[int]{integerAtom}
	pairs := dict[string, int]{stringAtom, integerAtom}
	for _, test := range []struct {
		codec codec
		field any
		text  string
	}{
		{text, new(string), `1`}, {text, new(string), `["uuid","` + someUUID + `"]`}, {text, new(string), `["set",["a","b"]]`},
		{text, new(string), `["set"]`}, {text, new(string), `["set",["a"],1]`}, {text, new(string), `{}`},
		{uuids, new([]string), `"` + someUUID + `"`}, {uuids, new([]string), `["uuid","x"]`}, {uuids, new([]string), `["uuid"]`},
		{uuids, new([]string), `["named-uuid","` + someUUID + `"]`}, {uuids, new([]string), `["set",["x"]]`}, {uuids, new([]string), `[]`},
		{numbers, new(*int), `1.5`}, {numbers, new(*int), `["set",[1,2]]`}, {numbers, new(*int), `99999999999999999999`},
		{pairs, new(map[string]int), `["map",[["a"]]]`}, {pairs, new(map[string]int), `["map",[["a",1,2]]]`},
		{pairs, new(map[string]int), `["set",[]]`}, {pairs, new(map[string]int), `"a"`}, {pairs, new(map[string]int), `["map",{}]`},
	} {
		p := parseText([]byte(test.text), newInterner())
		test.codec.read(p, test.field)
		if !errors.Is(p.err, ErrProtocol) {
			t.Errorf("%s into %T: error %v, want ErrProtocol", test.text, test.field, p.err)
		}
	}
}

// Every column of both models can be followed.
func TestModels(t *testing.T) {
	cfg := sbConfig(t, "unix:/nonesuch")
	models, err := cfg.models()
	if err != nil {
		t.Fatal(err)
	}
	for name := range models {
		table, err := newTable(Table{Name: name}, models)
		if err != nil {
			t.Error(err)
		}
		if missing := table.adapt(sbSchema(t)); len(missing) > 0 {
			t.Errorf("its own schema lacks %s", strings.Join(missing, " "))
		}
	}
}
