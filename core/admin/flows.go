package admin

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/flowhost/flowhost/core/table"
	"github.com/flowhost/flowhost/sdk/flow"
)

// lost is the state of a contender that is not the winner; the states of entries are the table's.
const lost = "lost"

// flows copies what the query asks for while the loop waits, and makes text of it afterwards.
func (h *Host) flows(ctx context.Context, q FlowQuery) ([]Flow, error) {
	var entries []table.EntryView
	err := h.Loop.View(ctx, func(t *table.Table) {
		for e := range t.Entries {
			if q.Table == nil || e.Table == flow.TableID(*q.Table) {
				entries = append(entries, e)
			}
		}
	})
	flows := make([]Flow, 0, len(entries))
	for i := range entries {
		flows = appendEntry(flows, &entries[i], q.Owner)
	}
	if err == nil && q.Of != "" {
		flows = slices.DeleteFunc(flows, func(f Flow) bool { return f.Owner == "" || !strings.HasPrefix(hex.EncodeToString(f.UUID[:]), q.Of) })
		h.describeFlows(ctx, flows)
	}
	return flows, err
}

// describeFlows has the owners say what the UUIDs of flows are.
func (h *Host) describeFlows(ctx context.Context, flows []Flow) {
	ids := make(map[named]*Description)
	for i := range flows {
		n := named{flows[i].Owner, flows[i].UUID}
		if ids[n] == nil {
			ids[n] = new(Description)
		}
		flows[i].Description = ids[n]
	}
	h.describe(ctx, ids)
}

// uuidDigits are the first hexadecimal digits of the UUIDs that FlowQuery.Of names.
func uuidDigits(of string) (string, error) {
	text := strings.ToLower(of)
	if cookie, is := strings.CutPrefix(text, "0x"); is {
		n, err := strconv.ParseUint(cookie, 16, 64)
		if err != nil {
			return "", fmt.Errorf("%q is no cookie", of)
		}
		return fmt.Sprintf("%08x", uint32(n)), nil
	}
	digits := strings.ReplaceAll(text, "-", "")
	if n := len(digits); n < 4 || n > 32 || strings.Trim(digits, "0123456789abcdef") != "" {
		return "", fmt.Errorf("%q is neither a UUID, nor its first 4 digits or more, nor a cookie", of)
	}
	return digits, nil
}

// appendEntry appends one Flow for each contender of the entry that the owner ("" for any) has, or one for an entry without
// any.
func appendEntry(flows []Flow, e *table.EntryView, owner string) []Flow {
	if len(e.Contenders) == 0 && e.Installed != nil && owner == "" {
		return append(flows, describe(*e.Installed, e.State.String()))
	}
	for i := range e.Contenders {
		c := &e.Contenders[i]
		if owner != "" && c.Owner != owner {
			continue
		}
		f := describe(c.Flow, contenderState(e, c))
		f.Owner, f.UUID, f.Stale, f.Error = c.Owner, c.UUID, c.Stale, c.Err
		flows = append(flows, f)
	}
	return flows
}

// contenderState is how a contender stands: as its entry does, unless another one is preferred. The clauses of a merged
// conjunction are all in what is installed.
func contenderState(e *table.EntryView, c *table.Contender) string {
	switch w := e.Winner; {
	case c.Quarantined:
		return table.StateQuarantined.String()
	case w == nil, w.Owner == c.Owner && w.UUID == c.UUID:
		return e.State.String()
	case w.Flow.Actions.Class() == flow.ClassConjunction && c.Flow.Actions.Class() == flow.ClassConjunction:
		return e.State.String()
	}
	return lost
}

func describe(f flow.Flow, state string) Flow {
	return Flow{
		State:    state,
		Table:    uint8(f.Table),
		Priority: uint16(f.Priority),
		Match:    f.Match.String(),
		Actions:  f.Actions.String(),
		Cookie:   fmt.Sprintf("%#x", uint64(f.Cookie)),
		Flow:     f.String(),
	}
}
