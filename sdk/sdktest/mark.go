package sdktest

import (
	"context"
	"slices"

	"github.com/flowhost/flowhost/core/apply"
	"github.com/flowhost/flowhost/core/table"
)

// other is another source: one that makes marks and nothing else.
type other struct {
	session *apply.Session
	marks   uint64
}

// other ignores what it is told.
func (*other) Events([]table.Event)            {}
func (*other) SwitchChanged(apply.SwitchState) {}

// Mark makes a mark of another owner, one of Options.Others, installed, or takes it away when value is empty. The first call is the
// start of its session.
func (h *Host) Mark(owner, name, value string) {
	h.t.Helper()
	if !slices.Contains(h.o.Others, owner) {
		h.t.Fatalf("owner %q is not in Options.Others", owner)
	}
	o := h.others[owner]
	if o == nil {
		o = &other{}
		session, err := h.loop.Attach(context.Background(), owner, o)
		if err != nil {
			h.t.Fatalf("attach %s: %v", owner, err)
		}
		o.session = session
		h.others[owner] = o
	}
	o.marks++
	_, err := o.session.Commit(context.Background(), &table.Txn{ID: o.marks, Marks: []table.Mark{{Name: name, Value: value}}})
	if err != nil {
		h.t.Fatalf("mark %s of %s: %v", name, owner, err)
	}
}

// WaitMark waits until a mark of the source is installed with this value; with an empty one, until there is none of this name.
func (h *Host) WaitMark(name, value string) {
	h.t.Helper()
	h.await("marking "+name+"="+value, func() bool {
		return h.mark(name) == value
	})
}

func (h *Host) mark(name string) (value string) {
	_ = h.loop.View(context.Background(), func(t *table.Table) {
		m, _ := t.Mark(sourceOwner, name)
		value = m.Value
	})
	return value
}

// sourceOwner is the id of the source's owner, which is added first.
const sourceOwner table.OwnerID = 1
