package feed

import (
	"slices"
	"strconv"

	"github.com/flowhost/flowhost/internal/ovn/local"
	"github.com/flowhost/flowhost/internal/ovn/sb"
)

// PortMarks are what is said of ports to who reports them up: port/UUID=N once the flows are there that follow from a port's being bound to
// this chassis and having interface number N; N is 0 while its Port_Binding does not name this chassis, or its flows lack a zone.
type PortMarks struct {
	told  map[string]string   // by the UUID of the Port_Binding
	dirty map[string]struct{} // the same
	// isZoned says whether the conntrack zones are there that a port's flows write; nil: they write none. waiting are the ports, by the UUID
	// of the Port_Binding, of which it was false when asked last.
	isZoned func(*sb.PortBinding) bool
	waiting map[string]struct{}
}

// NewPortMarks are those of which nothing was said yet. isZoned says whether the conntrack zones are there that a port's flows write; nil:
// they write none.
func NewPortMarks(isZoned func(*sb.PortBinding) bool) PortMarks {
	return PortMarks{told: map[string]string{}, dirty: map[string]struct{}{}, isZoned: isZoned, waiting: map[string]struct{}{}}
}

// Changed takes in that a fact of the State has changed.
func (m *PortMarks) Changed(s *local.State, f local.Fact) {
	switch f.Kind {
	case local.KindBinding:
		m.touch(f.Name)
	case local.KindInterface, local.KindPort:
		for _, id := range s.Affected(f.Name) {
			m.touch(id)
		}
	case local.KindSelf:
		for id := range s.Bindings() {
			m.touch(id)
		}
	case local.KindZone:
		for id := range m.waiting {
			m.touch(id)
		}
		clear(m.waiting)
	}
}

func (m *PortMarks) touch(id string) { m.dirty[id] = struct{}{} }

// value is what has to be said of a port; "" for nothing.
func (m *PortMarks) value(s *local.State, id string) string {
	row := s.Binding(id)
	if row == nil || s.Key(row.Datapath) == 0 {
		return ""
	}
	ofport := s.Bound(row)
	if ofport == 0 {
		return ""
	}
	self := s.Self()
	if bound := row.Chassis != nil && *row.Chassis == self || slices.Contains(row.AdditionalChassis, self); !bound || self == "" {
		return "0"
	}
	if m.isZoned != nil && !m.isZoned(row) {
		m.waiting[id] = struct{}{}
		return "0"
	}
	return strconv.Itoa(ofport)
}

// Take returns what the host has to be told, at most max marks, and takes it for told.
func (m *PortMarks) Take(s *local.State, max int) (list []Mark) {
	for id := range m.dirty {
		if len(list) == max {
			return list
		}
		delete(m.dirty, id)
		value := m.value(s, id)
		if value == m.told[id] {
			continue
		}
		if m.told[id] = value; value == "" {
			delete(m.told, id)
		}
		list = append(list, Mark{Name: "port/" + id, Value: value})
	}
	return list
}

// Restart makes Take say everything again.
func (m *PortMarks) Restart() {
	for id := range m.told {
		m.touch(id)
	}
	clear(m.told)
}
