package vectors

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/flowhost/flowhost/plugins/lflow/action"
	"github.com/flowhost/flowhost/sdk/flow"
)

// actionContext is what context.json says about actions.
type actionContext struct {
	Ports map[string]uint32 `json:"ports"` // also the OpenFlow ports of tunnels
	Parse actionPlace       `json:"parse"`

	Encode struct {
		Switch     bool     `json:"is_switch"`
		Datapath   uint32   `json:"dp_key"`
		UUID       string   `json:"lflow_uuid"`
		Collectors []uint32 `json:"collector_set_ids"`
		Tables     map[string]struct {
			Table flow.TableID `json:"openflow_table"`
		} `json:"tables"`
	} `json:"encode"`
}

type optionContext struct {
	Code uint16
	Type action.OptionType
}

// actionPlace is where actions stand. What is nil has the value of the context.
type actionPlace struct {
	Pipeline *string `json:"pipeline"`
	Table    *int    `json:"cur_ltable"`
	Tables   *int    `json:"n_tables"`

	Switch          *bool         `json:"is_switch"`
	ControllerMeter *flow.MeterID `json:"ctrl_meter_id"`
	CommonZone      any           `json:"common_nat_ct_zone"` // such as "reg12 (MFF_LOG_SNAT_ZONE)"
}

// actionCase is a list of actions and what becomes of it.
type actionCase struct {
	Input   string
	OK      bool
	Error   string
	Formats string `json:"formats_as"`
	Prereqs string // null: ""
	Ctx     actionPlace

	encoded
	// Fresh is the same in a process that has seen no other case; ids of groups and meters begin with 1.
	Fresh *encoded
}

type encoded struct {
	Text   string  `json:"encodes_as"`
	Wire   *string `json:"of15_actions"`
	Groups []extension
	Meters []extension
}

// extension is a group or a meter.
type extension struct {
	ID   uint32
	Name string
}

// actionEnv is what names in the actions of the version mean. What OVN's test program calls the output table is SAVE_INPORT in both
// pipelines.
func (v *version) actionEnv() *action.Env {
	d := *v.dialect
	if t, ok := v.context.Actions.Encode.Tables["output_ptable"]; ok {
		pipeline := *d.Pipeline
		pipeline.Tables.LargePacketDetect, pipeline.Tables.SaveInport = t.Table, t.Table
		d.Pipeline = &pipeline
	}
	options := func(from map[string]optionContext) (list []action.Option) {
		for name, o := range from {
			list = append(list, action.Option{Name: name, Code: o.Code, Type: o.Type})
		}
		return list
	}
	env, err := action.New(&d, v.symtab(), action.OptionTables{DHCPv4: options(v.context.DHCP), DHCPv6: options(v.context.DHCPv6)})
	must(err)
	return env
}

// place is where the actions of a case stand, and what its datapath is.
func (v *version) place(ctx *actionPlace, o *action.Options) action.Place {
	parse := v.context.Actions.Parse
	place := action.Place{Table: value(ctx.Table, parse.Table)}
	place.Ingress = value(ctx.Tables, parse.Tables)
	place.Egress = place.Ingress
	if value(ctx.Pipeline, parse.Pipeline) == "egress" {
		place.Pipeline = action.Egress
	}
	o.Switch = v.context.Actions.Encode.Switch
	if ctx.Switch != nil {
		o.Switch = *ctx.Switch
	}
	o.ControllerMeter = value(ctx.ControllerMeter, nil)
	zone := strings.ToLower(fmt.Sprint(ctx.CommonZone))
	o.SNATZone = strings.Contains(zone, "reg12") || strings.Contains(zone, "snat")
	return place
}

func value[T any](p, otherwise *T) (v T) {
	switch {
	case p != nil:
		return *p
	case otherwise != nil:
		return *otherwise
	}
	return v
}

// options are those of the version, and of one case.
func (v *version) options() *action.Options {
	c := &v.context.Actions
	o := &action.Options{
		Datapath: c.Encode.Datapath,
		Port: func(name string) (uint32, bool) {
			key, ok := c.Ports[name]
			return key, ok
		},
		TunnelPort: func(name string) (flow.Port, bool) {
			port, ok := c.Ports[name]
			return flow.Port(port), ok
		},
		Collector: func(id uint32) bool {
			for _, c := range c.Encode.Collectors {
				if c == id {
					return true
				}
			}
			return false
		},
	}
	uuid, err := hex.DecodeString(strings.ReplaceAll(c.Encode.UUID, "-", ""))
	must(err)
	copy(o.UUID[:], uuid)
	return o
}

// ids gives ids to texts: those that the case has, or else the next from 1.
type ids struct {
	want []extension
	used []string
}

func (i *ids) id(text string) uint32 {
	n := len(i.used)
	for k, u := range i.used {
		if u == text {
			n = k
		}
	}
	if n == len(i.used) {
		i.used = append(i.used, text)
	}
	for _, e := range i.want {
		if e.Name == text {
			return e.ID
		}
	}
	return uint32(n + 1)
}

func (i *ids) check(what string) error {
	var want []string
	for _, e := range i.want {
		want = append(want, e.Name)
	}
	return differs(what, strings.Join(i.used, "\n\t"), strings.Join(want, "\n\t"))
}

func checkActions(v *version) check {
	env := v.actionEnv()
	return func(line []byte) error {
		var c actionCase
		if err := json.Unmarshal(line, &c); err != nil {
			return err
		}
		want := c.encoded
		if c.Fresh != nil {
			want = *c.Fresh
		}
		o := v.options()
		groups, meters := &ids{want: want.Groups}, &ids{want: want.Meters}
		o.Group = func(text string) (flow.GroupID, bool) { return flow.GroupID(groups.id(text)), true }
		o.Meter = func(text string) (flow.MeterID, bool) { return flow.MeterID(meters.id(text)), true }
		var list action.List
		err := list.Parse(c.Input, env, v.place(&c.Ctx, o))
		if !c.OK {
			if err == nil {
				return fmt.Errorf("no error, and it should be %s", c.Error)
			}
			return differs("error", err.Error(), c.Error)
		}
		if err != nil {
			return err
		}
		actions, err := list.Encode(o)
		return errors.Join(err,
			differs("text", list.String(), c.Formats),
			differs("prerequisites", list.Prereqs().String(), c.Prereqs),
			checkWire(actions, &want),
			groups.check("groups"), meters.check("meters"))
	}
}

// checkWire compares the bytes, in package flow's canonical form where it has one.
func checkWire(got flow.Actions, want *encoded) error {
	if want.Wire == nil {
		text := want.Text
		if got == "" {
			return differs("actions", "drop", text)
		}
		return differs("actions", got.String(), text)
	}
	wire, err := hex.DecodeString(*want.Wire)
	if err != nil {
		return err
	}
	var canonical flow.Actions
	if len(wire) > 0 {
		n := 8 + len(wire)
		instruction := append([]byte{0, 4, byte(n >> 8), byte(n), 0, 0, 0, 0}, wire...)
		if canonical, err = flow.CanonicalActions(instruction); err != nil {
			canonical = flow.Actions(instruction) // not known to package flow
		}
	}
	return differs("actions", hex.EncodeToString([]byte(got)), hex.EncodeToString([]byte(canonical)))
}
