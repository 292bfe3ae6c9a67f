package bindings

import (
	"slices"
	"strconv"
	"strings"

	"github.com/flowhost/flowhost/sdk"
)

// marks are what the owners of flows have said of ports, see feed.PortMarks: port/UUID = the number of the interface that the flows
// installed are for; 0 while the port is not claimed.
type marks struct {
	owners []string
	values map[string]map[string]string // by UUID of the Port_Binding, and by owner
}

func newMarks(owners []string) marks {
	return marks{owners: owners, values: map[string]map[string]string{}}
}

// take returns the UUID of the Port_Binding that a mark is about; "" if it does not count.
func (m *marks) take(mark sdk.MarkInstalled) string {
	id, is := strings.CutPrefix(mark.Name, "port/")
	if !is || !slices.Contains(m.owners, mark.Owner) {
		return ""
	}
	if mark.Value == "" {
		if delete(m.values[id], mark.Owner); len(m.values[id]) == 0 {
			delete(m.values, id)
		}
		return id
	}
	if m.values[id] == nil {
		m.values[id] = map[string]string{}
	}
	m.values[id][mark.Owner] = mark.Value
	return id
}

// installed says whether all owners have installed the flows of a port at an interface. While one has said nothing of the port, that is not
// known, unless another has not installed them: after a restart, what was true before counts until somebody knows better.
func (m *marks) installed(id string, ofport int) (is, known bool) {
	values := m.values[id]
	for _, value := range values {
		if value != strconv.Itoa(ofport) {
			return false, true
		}
	}
	return true, len(values) == len(m.owners)
}

// any says whether an owner has installed flows of a port at an interface.
func (m *marks) any(id string, ofport int) bool {
	for _, value := range m.values[id] {
		if value == strconv.Itoa(ofport) {
			return true
		}
	}
	return false
}
