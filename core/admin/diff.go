package admin

import (
	"context"

	"github.com/flowhost/flowhost/core/table"
	"github.com/google/uuid"
)

// Difference is one key for which the switch, as far as the host knows, does not have what is desired.
type Difference struct {
	// State says why: pending, held, quarantined, orphan.
	State string `json:"state"`
	// Switch and Desired are flows as `ovs-ofctl dump-flows --no-stats --no-names` prints them; empty: none.
	Switch  string `json:"switch,omitempty"`
	Desired string `json:"desired,omitempty"`
	// Owner and UUID of the desired flow; empty without one.
	Owner string    `json:"owner,omitempty"`
	UUID  uuid.UUID `json:"uuid"`
	Error string    `json:"error,omitempty"` // the switch's, if quarantined
}

// differences copies what differs while the loop waits, and makes text of it afterwards.
func (h *Host) differences(ctx context.Context) ([]Difference, error) {
	var entries []table.EntryView
	err := h.Loop.View(ctx, func(t *table.Table) {
		for e := range t.Entries {
			if e.State != table.StateInstalled {
				entries = append(entries, e)
			}
		}
	})
	differences := make([]Difference, 0, len(entries))
	for i := range entries {
		differences = append(differences, difference(&entries[i]))
	}
	return differences, err
}

func difference(e *table.EntryView) Difference {
	d := Difference{State: e.State.String()}
	if e.Installed != nil {
		d.Switch = e.Installed.String()
	}
	wanted := e.Winner
	if wanted == nil && len(e.Contenders) > 0 {
		wanted = &e.Contenders[0] // all are in quarantine: the best of them is what is desired
	}
	if wanted != nil {
		d.Desired, d.Owner, d.UUID, d.Error = wanted.Flow.String(), wanted.Owner, wanted.UUID, wanted.Err
	}
	return d
}
