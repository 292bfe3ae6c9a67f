// Package ovsdbtest makes databases too large to be made by transactions, for tests and measurements of what follows them.
package ovsdbtest

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"
)

// Row is the columns of one row, with values as RFC 7047 §5.1 has them.
type Row map[string]any

// Append appends one transaction that inserts n rows to a database file that no server has open. What row returns for a number
// may be used again after the next call; the number is the row's UUID, too.
//
// The layout of the file is ovsdb(5)'s: records "OVSDB JSON LENGTH SHA1", a newline, and so many bytes of JSON.
func Append(file, table string, n int, row func(int) Row) error {
	var text bytes.Buffer
	fmt.Fprintf(&text, `{"_date":%d,%q:{`, time.Now().UnixMilli(), table)
	for i := range n {
		columns, err := json.Marshal(row(i))
		if err != nil {
			return err
		}
		if i > 0 {
			text.WriteByte(',')
		}
		fmt.Fprintf(&text, "%q:%s", UUID(i), columns)
	}
	text.WriteString("}}\n")
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := fmt.Fprintf(f, "OVSDB JSON %d %x\n", text.Len(), sha1.Sum(text.Bytes())); err != nil {
		return err
	}
	_, err = f.Write(text.Bytes())
	return err
}

// UUID is that of row i. Its first 32 bits differ from row to row: they are all that OVS hashes of it.
func UUID(i int) uuid.UUID {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:], (uint64(i)+1)*0x9e3779b97f4a7c15)
	binary.BigEndian.PutUint64(id[8:], uint64(i))
	return id
}

// flowsPerDatapath is few, compared with what ovn-northd makes.
const flowsPerDatapath = 100

// AppendLogicalFlows appends n Logical_Flow rows to a southbound database, much as ovn-northd makes them for switches of 50
// ports, and the Datapath_Binding rows that they need.
func AppendLogicalFlows(file string, n int) error {
	datapath := func(i int) Row { return Row{"tunnel_key": i + 1} }
	if err := Append(file, "Datapath_Binding", n/flowsPerDatapath+1, datapath); err != nil {
		return err
	}
	return Append(file, "Logical_Flow", n, LogicalFlow)
}

// LogicalFlow is row i of those, of which a third have a match of their own.
func LogicalFlow(i int) Row {
	datapath, port := i/flowsPerDatapath, i%50
	row := Row{
		"logical_datapath": []any{"uuid", UUID(datapath)},
		"pipeline":         [2]string{"ingress", "egress"}[i%2],
		"table_id":         i % 27,
		"priority":         i * 50 % 65536,
		"match":            fmt.Sprintf(`inport == "sw%d-port%d" && eth.src == {0a:00:%02x:%02x:00:%02x} && ip4.src == 10.%d.%d.%d`, datapath, port, datapath>>8&0xff, datapath&0xff, port, datapath>>8&0xff, datapath&0xff, port),
		"actions":          "next;",
		"external_ids": []any{"map", [][]string{{"source", fmt.Sprintf("northd.c:%d", 5000+i%27*97)},
			{"stage-hint", UUID(i / 10).String()[28:]}, {"stage-name", fmt.Sprintf("ls_in_stage_%d", i%27)}}},
	}
	if i%3 != 0 {
		row["match"] = "1"
		row["actions"] = fmt.Sprintf(`outport = "sw%d-port%d"; output;`, datapath, port)
	}
	return row
}
