package apply

import (
	"context"
	"fmt"
	"sync"

	"github.com/flowhost/flowhost/core/table"
)

// owner is a configured owner.
type owner struct {
	id   table.OwnerID
	spec table.OwnerSpec
}

// owners are the configured owners by name, for any goroutine.
type owners struct {
	mu     sync.Mutex
	byName map[string]owner
}

func newOwners() *owners { return &owners{byName: make(map[string]owner)} }

func (o *owners) get(name string) (owner, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	known, ok := o.byName[name]
	return known, ok
}

func (o *owners) set(x owner) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.byName[x.spec.Name] = x
}

// HasOwner says whether an owner is configured. It may be called from any goroutine.
func (l *Loop) HasOwner(name string) bool {
	_, ok := l.owners.get(name)
	return ok
}

// addOwner adds an owner in the loop, or before it runs.
func (l *Loop) addOwner(spec table.OwnerSpec) error {
	id, err := l.table.AddOwner(spec)
	if err != nil {
		return fmt.Errorf("owner %s: %w", spec.Name, err)
	}
	l.owners.set(owner{id, spec})
	return nil
}

// SetOwner adds an owner while the loop runs. Of one that is there it changes what may change (see table.OwnerSpec.Limit); a
// session that it has goes on. Errors: table.ErrTooManyOwners, ErrStopped.
func (l *Loop) SetOwner(ctx context.Context, spec table.OwnerSpec) error {
	var err error
	loopErr := l.do(ctx, func() {
		known, ok := l.owners.get(spec.Name)
		if !ok {
			err = l.addOwner(spec)
			return
		}
		l.table.Limit(known.id, spec)
		known.spec.Limit(spec)
		l.owners.set(known)
	})
	if loopErr != nil {
		return loopErr
	}
	return err
}
