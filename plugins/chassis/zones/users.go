package zones

import (
	"strings"

	"github.com/flowhost/flowhost/internal/ovn/local"
)

// Types of logical ports (ovn-sb(5), Port_Binding, type) that need zones. One that has an interface here needs one whatever its type is.
const (
	typeVIF       = ""
	typeVirtual   = "virtual"
	typeLocalnet  = "localnet"
	typeL2Gateway = "l2gateway"
	typeL3Gateway = "l3gateway"
	typeRedirect  = "chassisredirect"
	typeExternal  = "external"
)

func snat(datapath string) string { return datapath + "_snat" }
func dnat(datapath string) string { return datapath + "_dnat" }

// users know which names have to be looked at, because they may need a zone or need none any more.
type users struct {
	dirty map[string]struct{}
	// readers are the names whose need depends on a fact beyond those that are about them, and facts what each has read. Invariant: a name is
	// in readers[f] only if f is in facts[name].
	readers map[local.Fact]map[string]struct{}
	facts   map[string][]local.Fact
}

func newUsers() users {
	return users{dirty: map[string]struct{}{}, readers: map[local.Fact]map[string]struct{}{}, facts: map[string][]local.Fact{}}
}

func (u *users) mark(name string) { u.dirty[name] = struct{}{} }

// changed marks who may depend on a fact.
func (u *users) changed(s *local.State, f local.Fact) {
	switch f.Kind {
	case local.KindPort, local.KindInterface:
		u.mark(f.Name)
		for _, id := range s.Affected(f.Name) {
			u.markBinding(s, id)
		}
	case local.KindExpected:
		u.mark(f.Name)
	case local.KindDatapath:
		u.mark(dnat(f.Name))
		u.mark(snat(f.Name))
	case local.KindSelf:
		for id := range s.Bindings() {
			u.markBinding(s, id)
		}
	}
	for name := range u.readers[f] {
		u.mark(name)
	}
	delete(u.readers, f) // whoever still depends on it reads it again
}

func (u *users) markBinding(s *local.State, id string) {
	if row := s.Binding(id); row != nil {
		u.mark(row.LogicalPort)
	}
}

// needs says whether a name needs a zone here: those of ovn-controller.c, update_ct_zones, of all local datapaths, and of
// the ports that binding.c calls local. An interface's port is that even before there is a row for it, and here before it has its number: no
// flow has to wait for a zone then.
func (u *users) needs(s *local.State, name string) bool {
	u.unread(name)
	if datapath, is := cutNAT(name); is && s.Key(datapath) != 0 {
		return true
	}
	if ofport, _ := s.Interface(name, ""); ofport != 0 || s.IsExpected(name) {
		return true
	}
	row := s.Row(name)
	if row == nil {
		return false
	}
	switch row.Type {
	case typeVIF, typeVirtual: // a container, or a port behind another's interface
		return s.Bound(row) != 0
	case typeLocalnet:
		return s.Key(row.Datapath) != 0
	case typeL2Gateway, typeL3Gateway:
		return s.Name() != "" && row.Options[row.Type+"-chassis"] == s.Name()
	case typeRedirect, typeExternal:
		return s.IsActive(row, func(f local.Fact) { u.read(name, f) })
	}
	return false
}

func (u *users) read(name string, f local.Fact) {
	if u.readers[f] == nil {
		u.readers[f] = map[string]struct{}{}
	}
	u.readers[f][name] = struct{}{}
	u.facts[name] = append(u.facts[name], f)
}

// unread forgets what a name has read: some facts outlive many names.
func (u *users) unread(name string) {
	for _, f := range u.facts[name] {
		if delete(u.readers[f], name); len(u.readers[f]) == 0 {
			delete(u.readers, f)
		}
	}
	delete(u.facts, name)
}

// cutNAT finds the UUID of a datapath in the name of one of its zones.
func cutNAT(name string) (datapath string, is bool) {
	if datapath, is = strings.CutSuffix(name, "_dnat"); !is {
		datapath, is = strings.CutSuffix(name, "_snat")
	}
	return datapath, is
}
