package flow

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// CTOptions say what connection tracking does with the packet (ovs-actions(7), The ct action).
type CTOptions struct {
	Commit   bool     // remember the connection; Exec needs it
	Force    bool     // if it goes the other way, forget it and start anew; needs Commit
	Table    *TableID // go on there with what is known of the connection; nil: do not
	Zone     uint16
	ZonePart Part   // 16 bits that hold the zone, in place of Zone
	ALG      uint16 // the protocol whose related connections are to be known: ALGFTP, ALGTFTP, or 0
	NAT      *NAT   // translate addresses
	Exec     []Action
}

// The protocols that connection tracking knows, by their port.
const (
	ALGFTP  = 21
	ALGTFTP = 69
)

const (
	ctCommit  = 1
	ctForce   = 2
	noCTTable = 255
)

var (
	errCTFlags  = errors.New("unknown flags, or force without commit")
	errCTCommit = errors.New("exec, and nat with addresses, need commit")
	errCTExec   = errors.New("only ct_mark and ct_label can be set, with set_field or move, and addresses translated, with nat")
	errCTZone   = errors.New("a zone has 16 bits")
	errCTTable  = errors.New("table must be 0 to 254")
)

// CT sends the packet through connection tracking.
func CT(o CTOptions) Action {
	var flags uint64
	if o.Commit {
		flags |= ctCommit
	}
	if o.Force {
		flags |= ctForce
	}
	b := appendUint(newNicira(subCT, 24), flags, 2)
	if f := o.ZonePart.Field; f != nil {
		if err := o.ZonePart.checkZone(); err != nil {
			return Action{err: err}
		}
		b = appendUint(appendID(b, f, f.oldest()), o.ZonePart.ofsBits(), 2)
	} else {
		b = appendUint(b, uint64(o.Zone), 6)
	}
	table := TableID(noCTTable)
	if o.Table != nil {
		table = *o.Table
	}
	b = appendUint(b, uint64(table)<<24, 4)
	b = appendUint(b, uint64(o.ALG), 2)
	if o.NAT != nil {
		a := o.NAT.action()
		if a.err != nil {
			return a
		}
		b = append(b, a.wire...)
	}
	for _, a := range o.Exec {
		if a.err != nil {
			return a
		}
		b = append(b, a.wire...)
	}
	return finished(b)
}

// checkZone says whether a zone can be read from the part.
func (p Part) checkZone() error {
	if err := p.check(); err != nil {
		return err
	}
	if p.Bits != 16 || idSize(p.Field.oldest()) != 4 {
		return fieldError(p.Field, errCTZone)
	}
	return nil
}

// ct takes NXAST_CT: flags(2) zone_src(4) zone(2) recirc_table(1) pad(3) alg(2), then actions. zone is a number when
// zone_src is 0, else which bits of that field.
func (w *rewriter) ct(a string, offset int) error {
	if len(a) < 24 {
		return errLength
	}
	flags := be16(a, 10)
	if flags&^(ctCommit|ctForce) != 0 || flags == ctForce {
		return errCTFlags
	}
	start := w.pos()
	w.text(a[:2])
	w.uint(uint64(w.lengthAt(start)), 2)
	w.text(a[4:12])
	if be32(a, 12) == 0 {
		w.text(a[12:18])
	} else if err := w.zone(a); err != nil {
		return err
	}
	w.text(a[18:19])
	w.zeros(3)
	w.text(a[22:24])
	if err := w.ctActions(a[24:], offset+24, flags&ctCommit != 0); err != nil {
		return err
	}
	w.finish(start)
	return nil
}

func (w *rewriter) zone(a string) error {
	i, err := readID(a[12:])
	if err != nil {
		return err
	}
	p := partOf(i.field, be16(a, 16))
	if err := p.checkZone(); err != nil {
		return err
	}
	w.id(i.field, i.field.oldest())
	w.text(a[16:18])
	return nil
}

// ctActions folds the actions that ct executes on the connection (OVS, decode_NXAST_RAW_CT and
// ofpacts_verify_nested).
func (w *rewriter) ctActions(list string, offset int, commit bool) error {
	for rest, at := list, offset; rest != ""; {
		a, next, err := nextAction(rest)
		if err != nil {
			return &Error{Kind: ErrActions, Offset: at, Err: err}
		}
		switch kind := kindOf(a); kind {
		case kindNAT:
			if !commit && natCommits(a) {
				return errCTCommit
			}
		case kindSetField, kindRegLoad, kindRegLoad2, kindMove, kindRegMove:
			if !commit {
				return errCTCommit
			}
		default:
			return actionError(kind, at, errCTExec)
		}
		rest, at = next, at+len(a)
	}
	w.inCT = true
	defer func() { w.inCT = false }()
	return w.actions(list, offset)
}

func appendCT(b []byte, a string) []byte {
	flags, start := be16(a, 10), len(b)+3
	b = append(b, "ct("...)
	if flags&ctCommit != 0 {
		b = append(b, "commit,"...)
	}
	if flags&ctForce != 0 {
		b = append(b, "force,"...)
	}
	if a[18] != noCTTable {
		b = append(strconv.AppendUint(append(b, "table="...), uint64(a[18]), 10), ',')
	}
	if be32(a, 12) != 0 {
		i, _ := readID(a[12:])
		b = append(appendPart(append(b, "zone="...), partOf(i.field, be16(a, 16))), ',')
	} else if zone := be16(a, 16); zone != 0 {
		b = append(strconv.AppendUint(append(b, "zone="...), uint64(zone), 10), ',')
	}
	exec := a[24:]
	if exec != "" && kindOf(exec) == kindNAT {
		nat, rest, _ := nextAction(exec)
		b = append(appendNAT(b, nat), ',')
		exec = rest
	}
	if exec != "" {
		b = append(appendActions(append(b, "exec("...), exec), "),"...)
	}
	if alg := be16(a, 22); alg != 0 {
		b = append(appendALG(append(b, "alg="...), alg), ',')
	}
	if len(b) > start {
		b = b[:len(b)-1]
	}
	return append(b, ')')
}

func appendALG(b []byte, alg uint16) []byte {
	switch alg {
	case ALGFTP:
		return append(b, "ftp"...)
	case ALGTFTP:
		return append(b, "tftp"...)
	}
	return strconv.AppendUint(b, uint64(alg), 10)
}

// parseCT reads "ct" and "ct(option,…)".
func parseCT(arg argument) (Action, error) {
	var o CTOptions
	err := arg.each(func(arg argument) (err error) {
		switch arg.key {
		case "commit":
			o.Commit = true
		case "force":
			o.Force = true
		case "table":
			var v uint64
			if v, err = parseUint(arg.value, 8); err == nil && v == noCTTable {
				err = errCTTable
			}
			t := TableID(v)
			o.Table = &t
		case "zone":
			err = o.parseZone(arg.value)
		case "alg":
			o.ALG, err = parseALG(arg.value)
		case "nat":
			o.NAT, err = parseNAT(arg)
		case "exec":
			o.Exec, err = parseActionList(arg.value, arg.inside())
		default:
			err = errArgument
		}
		return err
	})
	return CT(o), err
}

func (o *CTOptions) parseZone(s string) (err error) {
	if s != "" && strings.Trim(s[:1], "0123456789") == "" {
		v, err := parseUint(s, 16)
		o.Zone = uint16(v)
		return err
	}
	o.ZonePart, err = parsePart(s)
	return err
}

func parseALG(s string) (uint16, error) {
	switch s {
	case "ftp":
		return ALGFTP, nil
	case "tftp":
		return ALGTFTP, nil
	}
	return 0, fmt.Errorf("%q: %w", s, errArgument)
}
