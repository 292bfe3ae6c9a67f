package table

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk/flow"
)

func describeChange(c Change) string {
	switch c.Kind {
	case FlowDelete:
		return fmt.Sprintf("delete %s", c.Flow.Key)
	case FlushZone:
		return fmt.Sprintf("%s %d", c.Kind, c.Zone)
	case FlushTuple:
		return fmt.Sprintf("%s %d %s", c.Kind, c.Zone, c.Body)
	case GroupDelete, MeterDelete:
		return fmt.Sprintf("%s %d", c.Kind, c.Object.ID)
	case GroupAdd, GroupModify, MeterAdd, MeterModify:
		return fmt.Sprintf("%s %d %s", c.Kind, c.Object.ID, c.Body)
	}
	return fmt.Sprintf("%s %s", c.Kind, c.Flow)
}

// describeError is the error as it is, with short UUIDs.
func describeError(err error) string {
	text := err.Error()
	if op := (*OpError)(nil); errors.As(err, &op) {
		text = strings.ReplaceAll(text, op.UUID.String(), describeID(op.UUID))
	}
	return "error: " + text + "\n"
}

func (s *stage) describeEvent(e Event) string {
	who := s.name(e.Owner) + " hears: " + e.Kind.String()
	switch e.Kind {
	case EventInstalled, EventRejected:
		who += fmt.Sprintf(" txn %d, revision %d", e.Txn, e.Revision)
		for _, r := range e.Refused {
			who += fmt.Sprintf("\n  but for %s: %v", describeSubject(r.UUID, r.Key, r.Object), r.Err)
		}
		for _, m := range e.Marks {
			who += fmt.Sprintf("\n  mark %s=%s, %d quarantined", m.Name, m.Value, e.Quarantined)
		}
		return who
	case EventRefused:
		return fmt.Sprintf("%s %s: %v", who, describeSubject(e.UUID, e.Key, e.Object), e.Err)
	case EventLost:
		return fmt.Sprintf("%s %s %s to %s %s", who, describeID(e.UUID), e.Key, e.Other, describeID(e.OtherUUID))
	}
	return fmt.Sprintf("%s %s", who, describeSubject(e.UUID, e.Key, e.Object))
}

// describeSubject is the flow, group or meter that something is about.
func describeSubject(id uuid.UUID, k flow.Key, x Object) string {
	switch {
	case x != Object{}:
		return x.String()
	case id == uuid.Nil && k == flow.Key{}:
		return "a conntrack flush"
	}
	return describeID(id) + " " + k.String()
}

// describeEntry is an entry as "flowhost flows" tells it: what is installed or should be, then who wants it.
func describeEntry(v EntryView) string {
	var b strings.Builder
	shown := v.Installed
	if shown == nil && v.Winner != nil {
		shown = &v.Winner.Flow
	}
	if shown == nil && len(v.Contenders) > 0 {
		shown = &v.Contenders[0].Flow
	}
	if shown == nil {
		fmt.Fprintf(&b, "%s: %s\n", v.State, v.Key)
	} else {
		fmt.Fprintf(&b, "%s: %s\n", v.State, shown)
	}
	for _, c := range v.Contenders {
		fmt.Fprintf(&b, "  %s %s", c.Owner, describeID(c.UUID))
		if len(v.Contenders) > 1 || c.Flow.Actions != shown.Actions {
			fmt.Fprintf(&b, " actions=%s", c.Flow.Actions)
		}
		if c.Stale {
			b.WriteString(", stale")
		}
		if c.Quarantined {
			fmt.Fprintf(&b, ", quarantined: %s", c.Err)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
