package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flowhost/flowhost/internal/ovn/feed"
	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/ovsdb"
	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
	"github.com/flowhost/flowhost/sdk"
)

// source is a feed.Maker that is made of duties.
type source struct {
	local  *local.State
	name   string // of the chassis, when last settled
	duties []duty.Duty
	writer *writer
	absent []string // sources whose marks are waited for and that the host does not know
}

func newSource(state *local.State, duties []duty.Duty) *source {
	s := &source{local: state, duties: duties}
	state.Watch(s.changed)
	return s
}

func (s *source) changed(f local.Fact) {
	for _, d := range s.duties {
		d.Changed(f)
	}
}

func (s *source) Local() *local.State { return s.local }

func (s *source) Change(table string, c ovsdb.Change) {
	s.local.Change(c)
	for _, d := range s.duties {
		d.Change(table, c)
	}
}

func (s *source) Settle() (moved bool) {
	s.local.Settle()
	before := s.name
	s.name = s.local.Setting("system-id")
	return s.name != before
}

// conditions are which rows are of no interest: of Chassis_Private all but the own one.
func (s *source) conditions() map[string]ovsdb.Where {
	return map[string]ovsdb.Where{sb.ChassisPrivateTable: ovsdb.Any(ovsdb.Equal("name", s.local.Setting("system-id")))}
}

func (s *source) Take(room int) (operations []feed.Operation, marks []feed.Mark) {
	for _, d := range s.duties {
		if speaker, is := d.(duty.Speaker); is {
			o, m := speaker.Take(room)
			room -= max(len(o), len(m))
			operations, marks = append(operations, o...), append(marks, m...)
		}
	}
	return operations, marks
}

func (s *source) Restart() {
	for _, d := range s.duties {
		if speaker, is := d.(duty.Speaker); is {
			speaker.Restart()
		}
	}
}

func (s *source) marked(m sdk.MarkInstalled) {
	for _, d := range s.duties {
		if listener, is := d.(duty.Listener); is {
			listener.Marked(m)
		}
	}
}

// note is what the operator should know: what is waited for, what others do, what is refused.
func (s *source) note() string {
	var notes []string
	if len(s.absent) > 0 {
		notes = append(notes, "waiting for "+strings.Join(s.absent, ", ")+", which is no plugin of this host")
	}
	for _, d := range s.duties {
		if reporter, is := d.(duty.Reporter); is {
			if note := reporter.Note(); note != "" {
				notes = append(notes, note)
			}
		}
	}
	if n := len(s.writer.refused(time.Now())); n > 0 {
		notes = append(notes, fmt.Sprintf("%d writes are refused, see command problems", n))
	}
	return strings.Join(notes, "; ")
}

// union is what is read of a database, each table once, with all columns that anybody reads.
func union(lists ...[]ovsdb.Table) (tables []ovsdb.Table) {
	at := map[string]int{}
	for _, list := range lists {
		for _, t := range list {
			i, there := at[t.Name]
			if !there {
				i = len(tables)
				at[t.Name] = i
				tables = append(tables, ovsdb.Table{Name: t.Name})
			}
			for _, column := range t.Columns {
				if !slices.Contains(tables[i].Columns, column) {
					tables[i].Columns = append(tables[i].Columns, column)
				}
			}
		}
	}
	return tables
}
