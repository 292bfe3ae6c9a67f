package admin

import (
	"context"
	"fmt"
	"os"

	"github.com/flowhost/flowhost/core/apply"
	"github.com/flowhost/flowhost/core/source"
	"github.com/flowhost/flowhost/core/table"
)

func (h *Host) status(ctx context.Context) (Status, error) {
	loop, err := h.Loop.Status(ctx)
	s := Status{
		Version: h.Version,
		PID:     os.Getpid(),
		Bridge:  h.Bridge,
		Switch: Switch{
			Target: h.Target,
			Phase:  loop.Phase.String(),
			Since:  loop.Since,
			Error:  loop.LastError,

			Troubles: troubles(&loop),
			Progress: Progress(loop.Progress),
		},
		Flows: Counts{
			Desired:     loop.Table.Desired,
			Installed:   loop.Table.Installed,
			Pending:     loop.Table.Pending,
			Quarantined: loop.Table.Quarantined,
			Stale:       loop.Table.Stale,
			Held:        loop.Table.Held,
			Orphans:     loop.Table.Orphans,
			Lingering:   loop.Table.Lingering,
		},
		Plugins: h.plugins(loop.Table.Owners),
	}
	if loop.DatapathID != 0 {
		s.Switch.DatapathID = fmt.Sprintf("%016x", loop.DatapathID)
	}
	if h.Config != nil {
		s.Config = h.Config()
	}
	s.Reasons = reasons(loop.Phase, loop.Another, &s)
	for _, ask := range h.Reasons {
		if why := ask(); why != "" {
			s.Reasons = append(s.Reasons, why)
		}
	}
	s.Ready = len(s.Reasons) == 0
	return s, err
}

func (h *Host) plugins(owners []table.OwnerStats) []Plugin {
	byName := make(map[string]table.OwnerStats, len(owners))
	for _, o := range owners {
		byName[o.Name] = o
	}
	plugins := []Plugin{}
	for _, src := range h.Sources.List() {
		st := src.State()
		o := byName[st.Name]
		plugins = append(plugins, Plugin{
			Name:     st.Name,
			PID:      st.PID,
			State:    string(st.Phase),
			Since:    st.Since,
			Restarts: st.Restarts,
			Says:     st.Text,
			Error:    st.LastError,
			Version:  st.Version,
			Commands: st.Commands,
			Synced:   st.Phase == source.Synced,
			Desired:  o.Desired,
			Stale:    o.Stale,
		})
	}
	return plugins
}

const anotherWriter = "another program writes flows to this bridge"

// troubles says what others do to the bridge.
func troubles(loop *apply.Status) (troubles []string) {
	if loop.Another {
		troubles = append(troubles, anotherWriter)
	}
	for _, id := range loop.Unreadable {
		troubles = append(troubles, fmt.Sprintf("group %d, which somebody has made, is too long to be read", id))
	}
	return troubles
}

// reasons says what keeps the host from being ready.
func reasons(phase apply.Phase, another bool, s *Status) []string {
	missing := []string{}
	switch phase {
	case apply.Disconnected:
		missing = append(missing, "the switch is not connected")
	case apply.Dumping:
		missing = append(missing, "the switch's tables are being read")
	}
	if another {
		missing = append(missing, anotherWriter)
	}
	for i := range s.Plugins {
		if p := &s.Plugins[i]; !p.Synced {
			missing = append(missing, fmt.Sprintf("plugin %s has not said everything it wants: %s", p.Name, p.State))
		}
	}
	if len(missing) == 0 && s.Flows.Pending > 0 {
		missing = append(missing, fmt.Sprintf("%d flows are on their way to the switch", s.Flows.Pending))
	}
	return missing
}
