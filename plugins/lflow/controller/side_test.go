package controller

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/flowhost/flowhost/sdk/flow"
)

// side is ovn-controller's side of a comparison: what it has in some tables, after each change of a database.
type side struct {
	t        *testing.T
	s        *ovstest.Sandbox
	datapath string // UUID of the switch
	key      uint32 // and its tunnel key
	tables   []flow.TableID
	waits    int
}

func newSide(t *testing.T, s *ovstest.Sandbox, tables ...flow.TableID) *side {
	datapath := strings.TrimSpace(s.Sbctl(t, "--bare", "--columns=_uuid", "list", "Datapath_Binding"))
	s.Sbctl(t, "--", "--all", "destroy", "Logical_Flow")
	return &side{t: t, s: s, datapath: datapath, key: number(t, s, "Datapath_Binding", datapath, "tunnel_key"), tables: tables}
}

// wait waits until ovn-controller has made flows of what the database has had so far.
func (s *side) wait() {
	s.t.Helper()
	s.waits++
	if !insert(s.t, s.s, s.datapath, []*logicalFlow{{priority: s.waits, match: "1"}}) {
		s.t.Fatal("ovn-controller crashed")
	}
}

// same checks that ovn-controller has our flows, with the cookie of the row with this UUID, and no others.
func (s *side) same(what string, id uuid.UUID, ours []flow.Flow) {
	s.t.Helper()
	var got, want []string
	for _, f := range ours {
		f.Cookie = flow.Cookie(binary.BigEndian.Uint32(id[:4]))
		got = append(got, f.String())
	}
	for _, table := range s.tables {
		for _, line := range s.s.Flows(s.t, ovstest.Bridge, fmt.Sprint("table=", table)) {
			f, err := flow.ParseFlow(line)
			if err != nil {
				s.t.Fatalf("%s: %v", line, err)
			}
			want = append(want, f.String())
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	for _, f := range got {
		if !slices.Contains(want, f) {
			s.t.Errorf("%s: only ours: %s", what, f)
		}
	}
	for _, f := range want {
		if !slices.Contains(got, f) {
			s.t.Errorf("%s: only ovn-controller's: %s", what, f)
		}
	}
	s.t.Logf("%s: %d flows, %d of ovn-controller", what, len(got), len(want))
}

func get(t *testing.T, s *ovstest.Sandbox, table, row, column string) string {
	t.Helper()
	return strings.TrimSpace(s.Sbctl(t, "get", table, row, column))
}

func number(t *testing.T, s *ovstest.Sandbox, table, row, column string) uint32 {
	t.Helper()
	n, err := strconv.ParseUint(get(t, s, table, row, column), 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return uint32(n)
}
