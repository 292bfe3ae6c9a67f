package ovsdb

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/flowhost/flowhost/internal/ovn/ovsdb/ovsdbtest"
	"github.com/flowhost/flowhost/internal/ovn/sb"
)

// flowColumns are those of a Logical_Flow that making flows from it takes.
var flowColumns = []string{"logical_datapath", "logical_dp_group", "pipeline", "table_id", "priority", "match", "actions", "controller_meter", "external_ids"}

// logicalFlows is a <table-updates2> of n rows, as a server sends it.
func logicalFlows(t testing.TB, n int) []byte {
	var text bytes.Buffer
	text.WriteString(`{"Logical_Flow":{`)
	for i := range n {
		if i > 0 {
			text.WriteByte(',')
		}
		row, err := json.Marshal(ovsdbtest.LogicalFlow(i))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&text, `"%s":{"initial":%s}`, ovsdbtest.UUID(i), row)
	}
	text.WriteString(`}}`)
	return text.Bytes()
}

// flowReplica follows Logical_Flow.
func flowReplica(t testing.TB) *replica {
	models, err := sbConfig(t, "unix:/nonesuch").models()
	if err != nil {
		t.Fatal(err)
	}
	r, err := newReplica([]Table{{Name: sb.LogicalFlowTable, Columns: flowColumns}}, models)
	if err != nil {
		t.Fatal(err)
	}
	r.adapt(sbSchema(t))
	return r
}

// BenchmarkLoad reads rows into an empty replica: per row.
func BenchmarkLoad(b *testing.B) {
	const rows = 20_000
	text := logicalFlows(b, rows)
	strings := newInterner()
	b.SetBytes(int64(len(text) / rows))
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n += rows {
		r := flowReplica(b)
		p := newParser(bytes.NewReader(text), strings)
		u := r.readUpdate(p, true, false)
		if p.err != nil {
			b.Fatal(p.err)
		}
		r.commit(u)
	}
}

// BenchmarkReload reads the same rows again: per row.
func BenchmarkReload(b *testing.B) {
	const rows = 20_000
	text := logicalFlows(b, rows)
	strings := newInterner()
	r := flowReplica(b)
	b.SetBytes(int64(len(text) / rows))
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n += rows {
		p := newParser(bytes.NewReader(text), strings)
		u := r.readUpdate(p, true, false)
		if p.err != nil {
			b.Fatal(p.err)
		}
		if changes := r.commit(u); n > 0 && len(changes[0].changes) != 0 {
			b.Fatal("equal rows differ")
		}
	}
}

// BenchmarkModify reads an update of one row.
func BenchmarkModify(b *testing.B) {
	strings := newInterner()
	r := flowReplica(b)
	r.commit(r.readUpdate(newParser(bytes.NewReader(logicalFlows(b, 1000)), strings), true, false))
	var texts [2][]byte
	for i := range texts {
		texts[i] = fmt.Appendf(nil, `{"Logical_Flow":{"%s":{"modify":{"priority":%d}}}}`, ovsdbtest.UUID(7), i)
	}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		p := parseText(texts[n%2], strings)
		if changes := r.commit(r.readUpdate(p, false, false)); p.err != nil || len(changes[0].changes) != 1 {
			b.Fatal(p.err)
		}
	}
}
