package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/sdk"
)

// lookup is how long the southbound database may take for what is not followed of it. The host waits two seconds for all of it.
const lookup = time.Second

// describe says what a UUID that has flows is.
func (q *questions) describe(ctx context.Context, id uuid.UUID) (sdk.Description, error) {
	var d description
	err := q.Ask(ctx, func(s *source) (err error) {
		d, err = s.describe(id)
		return err
	})
	if err == nil && d.flow != nil {
		d.Text = d.flow.text(q.externalIDs(ctx, id), &d)
	}
	return d.Description, err
}

// externalIDs are those of a logical flow: nobody else needs them, so they are not followed; nil if they are not to be had at once.
func (q *questions) externalIDs(ctx context.Context, id uuid.UUID) map[string]string {
	ctx, cancel := context.WithTimeout(ctx, lookup)
	defer cancel()
	southbound, err := q.Southbound(ctx)
	if err != nil {
		return nil
	}
	ids, _ := southbound.Strings(ctx, sb.LogicalFlowTable, id, "external_ids") // people can do without
	return ids
}

// description is what the source knows by itself.
type description struct {
	sdk.Description
	flow *logicalFlow // nil: it is complete
}

func (d *description) field(name, value string) {
	if value != "" {
		d.Fields = append(d.Fields, sdk.Field{Name: name, Value: value})
	}
}

// logicalFlow is a logical flow for people.
type logicalFlow struct {
	row       *sb.LogicalFlow
	datapaths []string // names
}

// text is the flow as ovn-sbctl lflow-list has it. What of external_ids tells where the flow is from become fields, too.
func (f *logicalFlow) text(ids map[string]string, d *description) string {
	var b strings.Builder
	b.WriteString("Logical_Flow")
	switch n := len(f.datapaths); n {
	case 0:
	case 1:
		fmt.Fprintf(&b, " of %s", f.datapaths[0])
	default:
		fmt.Fprintf(&b, " of %s and %d more", f.datapaths[0], n-1)
	}
	fmt.Fprintf(&b, ": %s table=%d", f.row.Pipeline, f.row.TableID)
	if stage := ids["stage-name"]; stage != "" {
		fmt.Fprintf(&b, " (%s)", stage)
	}
	fmt.Fprintf(&b, ", priority=%d, match=(%s), action=(%s)", f.row.Priority, f.row.Match, f.row.Actions)
	if hint := ids["stage-hint"]; hint != "" { // ovn-sb(5): how the UUID of a row of the northbound database begins
		fmt.Fprintf(&b, ", of northbound %s", hint)
	}
	for _, key := range []string{"stage-name", "stage-hint", "source"} {
		d.field(key, ids[key])
	}
	return b.String()
}

// describe says what a UUID that has flows is.
func (s *source) describe(id uuid.UUID) (d description, err error) {
	u := s.units[id]
	if u == nil {
		return d, errUnknown
	}
	switch row := u.row.(type) {
	case *sb.LogicalFlow:
		d.flow = &logicalFlow{row: row}
		for _, id := range u.datapaths {
			d.flow.datapaths = append(d.flow.datapaths, s.network.DatapathName(id))
		}
		slices.Sort(d.flow.datapaths)
		for _, name := range d.flow.datapaths {
			d.field("datapath", name)
		}
		d.field("pipeline", row.Pipeline)
		d.field("table", fmt.Sprint(row.TableID))
		d.field("priority", fmt.Sprint(row.Priority))
		d.field("match", row.Match)
		d.field("actions", row.Actions)
	case *sb.LoadBalancer:
		d.Text = "Load_Balancer " + strings.Join(slices.Sorted(maps.Keys(row.Vips)), ", ")
		for _, vip := range slices.Sorted(maps.Keys(row.Vips)) {
			d.field("vip "+vip, row.Vips[vip])
		}
	case *sb.PortBinding:
		d.Text = "port security of " + row.LogicalPort
		d.field("logical_port", row.LogicalPort)
		d.field("port_security", strings.Join(row.PortSecurity, ", "))
	}
	d.field("problem", u.problem)
	return d, nil
}
