package ovsdb

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/sb"
)

// fuzzReplica has columns of every shape.
func fuzzReplica(t testing.TB) *replica {
	models, err := sbConfig(t, "unix:/nonesuch").models()
	if err != nil {
		t.Fatal(err)
	}
	r, err := newReplica([]Table{{Name: sb.AddressSetTable}, {Name: sb.PortBindingTable}, {Name: sb.DNSTable}}, models)
	if err != nil {
		t.Fatal(err)
	}
	r.adapt(sbSchema(t))
	return r
}

// updates are texts that servers have sent, and what they might.
var updates = []string{
	`{"Address_Set":{"` + someUUID + `":{"initial":{"name":"as1","addresses":["set",["10.0.0.1","::1"]]}}}}`,
	`{"Address_Set":{"` + someUUID + `":{"modify":{"addresses":"10.0.0.2"}}}}`,
	`{"Address_Set":{"` + someUUID + `":{"delete":null}}}`,
	`{"Address_Set":{"` + someUUID + `":{"old":{"name":"as1"},"new":{"name":"as2","addresses":["set",[]]}}}}`,
	`{"Port_Binding":{"` + otherUUID + `":{"insert":{"tag":7,"up":true,"chassis":["uuid","` + someUUID + `"],"mac":["set",["a","b"]],"options":["map",[["k","v"]]],"datapath":["uuid","` + someUUID + `"]}}},"DNS":{}}`,
	`{"DNS":{"` + otherUUID + `":{"insert":{"datapaths":["set",[["uuid","` + someUUID + `"],["uuid","` + otherUUID + `"]]],"records":["map",[["a","\u00e4\ud83d\ude00"]]]}}}}`,
}

// Any text of an update gives rows or an error; and rows that are read again are equal to what they were.
func FuzzUpdate(f *testing.F) {
	for _, text := range updates {
		f.Add([]byte(text), true, false)
		f.Add([]byte(text), false, false)
		f.Add([]byte(text), false, true)
	}
	r := fuzzReplica(f)
	strings := newInterner()
	f.Fuzz(func(t *testing.T, text []byte, whole, v1 bool) {
		r := *r
		r.rows = nil
		for range r.tables {
			r.rows = append(r.rows, map[uuid.UUID]Model{})
		}
		p := parseText([]byte(updates[0]), strings)
		r.commit(r.readUpdate(p, true, false))
		p = parseText(text, strings)
		u := r.readUpdate(p, whole, v1)
		if p.err != nil {
			return
		}
		for i, changes := range r.commit(u) {
			for _, c := range changes.changes {
				if r.rows[i][c.UUID] != c.New && (whole || bytes.Count(text, []byte(c.UUID.String())) < 2) {
					t.Fatalf("row %v is %v, was handed over as %v", c.UUID, r.rows[i][c.UUID], c.New)
				}
			}
		}
		if whole {
			p = parseText(text, strings)
			for _, changes := range r.commit(r.readUpdate(p, true, v1)) {
				for _, c := range changes.changes {
					t.Fatalf("the same text again changes row %v from %v to %v", c.UUID, c.Old, c.New)
				}
			}
		}
	})
}

// Whatever a server says, the session ends with an error, and nothing panics.
func FuzzServer(f *testing.F) {
	for _, text := range updates {
		f.Add(`{"id":null,"method":"update3","params":["rows","` + otherUUID + `",` + text + `]}`)
		f.Add(`{"id":4,"result":[true,"` + otherUUID + `",` + text + `],"error":null}`)
	}
	f.Add(`{"method":"echo","params":[],"id":"x"}{"result":[],"id":1,"error":null}`)
	f.Add(`{"error":{"error":"syntax error","details":"x"},"id":2}{"id":4,"error":"unknown method","result":null}`)
	f.Add(`{"id":2,"result":{"Database":{}},"error":null}`)
	f.Add(`{"id":null,"method":"monitor_canceled","params":["rows"]}`)
	small := sb.Schema()
	maps.DeleteFunc(small.Tables, func(name string, _ libovsdb.TableSchema) bool {
		return name != sb.AddressSetTable && name != sb.PortBindingTable
	})
	schema, err := json.Marshal(small)
	if err != nil {
		f.Fatal(err)
	}
	greetings := []string{
		"",
		`{"id":2,"error":"x"}`,
		`{"id":2,` + serverRow(`,"connected":true`) + `}{"id":3,"error":null,"result":` + string(schema) + `}`,
	}
	shared := newInterner()
	cfg := sbConfig(f, "unix:/nonesuch", Table{Name: sb.AddressSetTable}, Table{Name: sb.PortBindingTable})
	f.Fuzz(func(t *testing.T, text string) {
		for _, greeting := range greetings {
			c, err := New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			c.strings = shared
			c.fresh = make(chan *Batch, len(text)) // room for all that the text can cause
			c.serve(strings.NewReader(greeting + text))
		}
	})
}

// serve has a client take a text for what a server says.
func (c *Client) serve(text io.Reader) error {
	f := &follower{client: c, done: context.Background().Done(), session: newSession(readConn{Reader: text}, c.strings)}
	f.session.notify = f.notify
	f.checkServer()
	for f.session.parser.err == nil {
		f.session.message()
	}
	f.session.abandon(ErrConnectionLost)
	f.lost(f.session.parser.err)
	return f.session.parser.err
}

// readConn is a connection that only says something.
type readConn struct {
	net.Conn
	io.Reader
}

func (r readConn) Read(b []byte) (int, error) { return r.Reader.Read(b) }

// The memory that a text takes is its size times a constant, whatever it holds.
func TestMemoryBound(t *testing.T) {
	const size, factor = 1 << 20, 48
	id := func(i int) string { return fmt.Sprintf("%08x-0000-4000-8000-000000000000", i) }
	for name, element := range map[string]func(i int) string{
		"rows":       func(i int) string { return `"` + id(i) + `":{"initial":{}}` },
		"rows again": func(i int) string { return `"` + id(0) + `":{"initial":{}}` },
		"names":      func(i int) string { return `"` + id(i) + `":{"initial":{"logical_port":"` + id(i) + `"}}` },
		"sets":       func(i int) string { return `"` + id(i) + `":{"initial":{"mac":["set",["a","b","c","d"]]}}` },
		"maps": func(i int) string {
			return `"` + id(i) + `":{"initial":{"options":["map",[["a","b"]]],"external_ids":["map",[["a","b"]]]}}`
		},
		"other":       func(i int) string { return `"` + id(i) + `":{"initial":{"x":[[[[[[[[{}]]]]]]]]}}` },
		"one big":     func(i int) string { return `"` + id(i) + `":{"initial":{"type":"` + strings.Repeat("x", size) + `"}}` },
		"one escaped": func(i int) string { return `"` + id(i) + `":{"initial":{"type":"` + strings.Repeat(`\n`, size) + `"}}` },
	} {
		t.Run(name, func(t *testing.T) {
			var text strings.Builder
			text.WriteString(`{"Port_Binding":{` + element(0))
			for i := 1; text.Len() < size; i++ {
				text.WriteString("," + element(i))
			}
			text.WriteString(`}}`)
			r := fuzzReplica(t)
			p := newParser(strings.NewReader(text.String()), newInterner())
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			r.commit(r.readUpdate(p, true, false))
			runtime.ReadMemStats(&after)
			if p.err != nil {
				t.Fatal(p.err)
			}
			took := after.TotalAlloc - before.TotalAlloc
			t.Logf("%d bytes allocated, %.1f times the text", took, float64(took)/float64(text.Len()))
			if took > uint64(factor*text.Len()) {
				t.Errorf("more than %d times the text", factor)
			}
		})
	}
	deep := strings.Repeat(`{"":[`, 1<<20)
	start := time.Now()
	if p := parseText([]byte(deep), newInterner()); p.raw() != nil || p.err == nil || time.Since(start) > time.Second {
		t.Errorf("error %v after %v for what is nested a million deep", p.err, time.Since(start))
	}
}
