package table

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk/flow"
)

// commands of a script. Each returns what it prints, and errors only for what is no valid script.
var commands = map[string]func(*stage, []string, command) (string, error){
	"options":        (*stage).doOptions,
	"owner":          (*stage).doOwner,
	"connect":        (*stage).doConnect,
	"disconnect":     (*stage).doDisconnect,
	"sync-begin":     (*stage).doSession,
	"sync-done":      (*stage).doSession,
	"session-ended":  (*stage).doSession,
	"txn":            (*stage).doTxn,
	"slice":          (*stage).doSlice,
	"finish":         (*stage).doFinish,
	"send":           (*stage).doSend,
	"send-atomic":    (*stage).doSendAtomic,
	"diff":           (*stage).doDiff,
	"diff-small":     (*stage).doDiff,
	"diff-adds":      (*stage).doDiff,
	"answer":         (*stage).doAnswer,
	"wait":           (*stage).doWait,
	"read":           (*stage).doRead,
	"refuse":         (*stage).doRefuse,
	"accept":         (*stage).doAccept,
	"somebody":       (*stage).doSomebody,
	"somebody-told":  (*stage).doSomebody,
	"port-gone":      (*stage).doPortGone,
	"option":         (*stage).doOption,
	"mark":           (*stage).doMark,
	"objects":        (*stage).doObjects,
	"restart-host":   (*stage).doRestartHost,
	"restart-switch": (*stage).doRestartSwitch,
	"switch":         (*stage).doSwitch,
	"table":          (*stage).doTable,
	"stats":          (*stage).doStats,
}

// run does a command and returns what it prints, with the events it caused.
func (s *stage) run(c command) (string, error) {
	words := strings.Fields(c.line)
	if len(words) == 0 {
		return "", fmt.Errorf("no command")
	}
	do := commands[words[0]]
	if do == nil {
		return "", fmt.Errorf("unknown command")
	}
	printed, err := do(s, words[1:], c)
	if err != nil {
		return "", err
	}
	if s.sliced != nil && s.sliced.done {
		printed = s.outcome(s.sliced.Result()) + printed
		s.sliced = nil
	}
	for _, e := range s.table.Events() {
		printed += s.describeEvent(e) + "\n"
	}
	return printed, nil
}

// options hold=10s unclaimed=keep small=2 slice=2
func (s *stage) doOptions(args []string, _ command) (string, error) {
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		switch name {
		case "hold":
			var err error
			if s.options.Hold, err = time.ParseDuration(value); err != nil {
				return "", err
			}
		case "unclaimed":
			s.options.Unclaimed = UnclaimedDelete
			if value == "keep" {
				s.options.Unclaimed = UnclaimedKeep
			}
		case "small":
			var err error
			if s.options.Small, err = strconv.Atoi(value); err != nil {
				return "", err
			}
		case "slice":
			var err error
			if s.slice, err = strconv.Atoi(value); err != nil {
				return "", err
			}
		default:
			return "", fmt.Errorf("unknown option %s", name)
		}
	}
	s.startHost()
	return "", nil
}

// owner NAME [slot=N] [rank=N] [tables=A-B] [conjunctions=A-B] [max-flows=N] [grace=D] [unexpected]
func (s *stage) doOwner(args []string, _ command) (string, error) {
	spec := everything(args[0], 0)
	for _, arg := range args[1:] {
		name, value, _ := strings.Cut(arg, "=")
		first, last, _ := strings.Cut(value, "-")
		if last == "" {
			last = first
		}
		a, _ := strconv.ParseUint(first, 0, 32)
		b, _ := strconv.ParseUint(last, 0, 32)
		switch name {
		case "slot":
			spec.Slot = uint8(a)
		case "rank":
			spec.Rank = int(a)
		case "max-flows":
			spec.MaxFlows = int(a)
		case "tables":
			spec.Tables = []Range[flow.TableID]{{flow.TableID(a), flow.TableID(b)}}
		case "groups":
			spec.Groups = []Range[uint32]{{uint32(a), uint32(b)}}
		case "meters":
			spec.Meters = []Range[uint32]{{uint32(a), uint32(b)}}
		case "zones":
			spec.Zones = []Range[uint16]{{uint16(a), uint16(b)}}
		case "conjunctions":
			spec.Conjunctions = []Range[uint32]{{uint32(a), uint32(b)}}
		case "unexpected":
			spec.Expected = false
		case "grace":
			var err error
			if spec.Grace, err = time.ParseDuration(value); err != nil {
				return "", err
			}
		default:
			return "", fmt.Errorf("unknown property %s", name)
		}
	}
	id, err := s.table.AddOwner(spec)
	if err != nil {
		return describeError(err), nil
	}
	s.owners[spec.Name] = id
	s.specs = append(s.specs, spec)
	return "", nil
}

func (s *stage) doConnect([]string, command) (string, error) {
	s.table.AdoptBegin()
	s.flight = nil
	dump := s.sw.dump()
	for i := range dump { // in pieces, as it comes over a connection
		s.table.AdoptFlows(dump[i : i+1])
	}
	for x, body := range s.sw.objects {
		s.table.AdoptObject(x, body)
	}
	s.table.AdoptDone(s.now)
	if n := len(s.sw.objects); n > 0 {
		return fmt.Sprintf("%d flows, %d groups and meters in the switch\n", len(dump), n), nil
	}
	return fmt.Sprintf("%d flows in the switch\n", len(dump)), nil
}

func (s *stage) doDisconnect([]string, command) (string, error) {
	s.table.Disconnected()
	s.flight = nil
	return "", nil
}

// sync-begin OWNER, sync-done OWNER, session-ended OWNER
func (s *stage) doSession(args []string, c command) (string, error) {
	o, ok := s.owners[args[0]]
	if !ok {
		return "", fmt.Errorf("unknown owner %s", args[0])
	}
	switch {
	case strings.HasPrefix(c.line, "sync-begin"):
		s.table.SyncBegin(o, s.now)
	case strings.HasPrefix(c.line, "sync-done"):
		return fmt.Sprintf("revision %d\n", s.table.SyncDone(o, s.now)), nil
	default:
		s.table.SessionEnded(o, s.now)
	}
	return "", nil
}

// txn OWNER ID [atomic|sliced], then one operation a line
func (s *stage) doTxn(args []string, c command) (string, error) {
	txn := &Txn{Owner: s.owners[args[0]]}
	txn.ID, _ = strconv.ParseUint(args[1], 0, 64)
	mode := strings.Join(args[2:], "")
	txn.Atomic = mode == "atomic"
	for _, line := range c.body {
		if err := parseOp(txn, line); err != nil {
			return "", fmt.Errorf("%s: %w", line, err)
		}
	}
	if mode == "sliced" {
		if err := s.table.Prepare(txn); err != nil {
			return s.outcome(0, err), nil
		}
		s.sliced = s.table.CommitSliced(txn, s.now)
		return s.doSlice(nil, c)
	}
	return s.outcome(s.table.Commit(txn, s.now)), nil
}

// slice: the next slice of the transaction that is done in slices. What comes of it is told when it is whole, before anything else
func (s *stage) doSlice([]string, command) (string, error) {
	if s.sliced == nil || !s.sliced.Next() {
		return "", nil
	}
	return "under way\n", nil
}

// finish: all slices that are left
func (s *stage) doFinish([]string, command) (string, error) {
	s.table.Finish()
	return "", nil
}

func (s *stage) outcome(r Revision, err error) string {
	if err != nil {
		return describeError(err)
	}
	return fmt.Sprintf("revision %d\n", r)
}

// parseOp adds an operation to a transaction: "add UUID FLOW", "remove UUID", "remove-flow UUID KEY", "clear", "set UUID",
// and "and FLOW" for each flow of the latter.
func parseOp(txn *Txn, line string) error {
	word, rest, _ := strings.Cut(line, " ")
	if word == "and" {
		f, err := flow.ParseFlow(rest)
		if err != nil {
			return err
		}
		op := &txn.Ops[len(txn.Ops)-1]
		op.Flows = append(op.Flows, f)
		return nil
	}
	var op Op
	name, text, _ := strings.Cut(rest, " ")
	switch word {
	case "mark":
		txn.Marks = append(txn.Marks, Mark{name, text})
		return nil
	case "set-group", "set-meter", "remove-group", "remove-meter", "flush-zone", "flush-tuple":
		n, err := strconv.ParseUint(name, 0, 32)
		if err != nil {
			return err
		}
		op.Kind = map[string]OpKind{
			"set-group": OpSetGroup, "set-meter": OpSetMeter, "remove-group": OpRemoveGroup, "remove-meter": OpRemoveMeter,
			"flush-zone": OpFlushCT, "flush-tuple": OpFlushCTTuple,
		}[word]
		if op.Kind >= OpFlushCT {
			op.Zone = uint16(n)
		} else {
			op.ID = uint32(n)
		}
		op.Body = Body(text)
		txn.Ops = append(txn.Ops, op)
		return nil
	case "clear":
	default:
		var err error
		if op.UUID, err = parseID(name); err != nil {
			return err
		}
	}
	switch word {
	case "add":
		op.Kind = OpAdd
		f, err := flow.ParseFlow(text)
		if err != nil {
			return err
		}
		op.Flows = []flow.Flow{f}
	case "set":
		op.Kind = OpSet
	case "remove":
		op.Kind = OpRemove
	case "remove-flow":
		op.Kind = OpRemoveFlow
		f, err := flow.ParseFlow(text + " actions=drop")
		if err != nil {
			return err
		}
		op.Key = f.Key
	case "clear":
		op.Kind = OpClear
	default:
		return fmt.Errorf("unknown operation")
	}
	txn.Ops = append(txn.Ops, op)
	return nil
}

// parseID reads the first digits of a UUID whose others are 0.
func parseID(s string) (id uuid.UUID, err error) {
	b, err := hex.DecodeString(s)
	copy(id[:], b)
	return id, err
}

// describeID is the inverse of parseID.
func describeID(id uuid.UUID) string {
	s := strings.TrimRight(hex.EncodeToString(id[:]), "0")
	return s + strings.Repeat("0", len(s)%2)
}

// send: what differs is sent until nothing does, each answered at once
func (s *stage) doSend([]string, command) (string, error) {
	var out string
	for range 100 {
		asked := s.read()
		changes := s.table.Diff(1000)
		if len(changes) == 0 && asked == 0 {
			if out == "" {
				out = "nothing to send\n"
			}
			return out, nil
		}
		for _, c := range changes {
			out += s.answer(c)
		}
	}
	return "", fmt.Errorf("it does not come to rest:\n%s", out)
}

// send-atomic OWNER [lost]: what its atomic transaction needs is sent as one bundle, which the switch does or refuses; or
// it does, and nobody hears
func (s *stage) doSendAtomic(args []string, _ command) (out string, err error) {
	owner := s.owners[args[0]]
	changes := s.table.DiffAtomic(owner)
	trial := s.sw.clone()
	errs := make([]*SwitchError, len(changes))
	refused := false
	for i, c := range changes {
		out += describeChange(c) + "\n"
		if errs[i] = trial.do(c); errs[i] != nil {
			out += fmt.Sprintf("  refused: %v\n", errs[i])
			refused = true
		}
	}
	if len(changes) == 0 {
		out = "nothing to send\n"
	}
	if refused {
		s.table.RejectAtomic(owner, changes, errs, s.now)
		return out, nil
	}
	s.sw.flows, s.sw.objects = trial.flows, trial.objects
	if len(args) > 1 {
		return out, nil
	}
	for _, c := range changes {
		s.table.Confirm(c, s.now)
	}
	if len(changes) > 0 {
		s.table.AtomicTaken(owner)
	}
	return out, nil
}

// answer lets the switch do a change.
func (s *stage) answer(c Change) string {
	if err := s.sw.do(c); err != nil {
		s.table.Reject(c, *err, s.now)
		if err.Text == missingGroup || err.Text == missingMeter {
			s.table.DoubtNamed(c.Flow.Actions)
		}
		return fmt.Sprintf("%s\n  refused: %v\n", describeChange(c), err)
	}
	s.table.Confirm(c, s.now)
	return describeChange(c) + "\n"
}

// diff [MAX]: what differs is in flight and not answered. diff-small [MAX]: what small transactions have
// touched of it. diff-adds [MAX]: no deletes of it
func (s *stage) doDiff(args []string, c command) (out string, err error) {
	limit := 1000
	if len(args) > 0 {
		if limit, err = strconv.Atoi(args[0]); err != nil {
			return "", err
		}
	}
	diff, _, _ := strings.Cut(c.line, " ")
	changes := map[string]func(int) []Change{
		"diff": s.table.Diff, "diff-small": s.table.DiffSmall, "diff-adds": s.table.DiffAdds,
	}[diff](limit)
	s.flight = append(s.flight, changes...)
	for _, c := range changes {
		out += describeChange(c) + "\n"
	}
	if out == "" {
		out = "nothing to send\n"
	}
	return out, nil
}

// answer: the switch does what is in flight. answer lost: it does, and nobody hears.
func (s *stage) doAnswer(args []string, _ command) (out string, err error) {
	for _, c := range s.flight {
		if len(args) > 0 && args[0] == "lost" {
			s.sw.do(c)
			continue
		}
		out += s.answer(c)
	}
	s.flight = nil
	s.read()
	return out, nil
}

// read: the switch is asked for the groups and meters in doubt
func (s *stage) doRead([]string, command) (string, error) {
	s.read()
	return "", nil
}

func (s *stage) read() (asked int) {
	names := s.table.Doubted()
	for _, x := range names {
		body, there := s.sw.objects[x]
		s.table.ObservedObject(x, there, body, s.now)
	}
	return len(names)
}

// wait DURATION: time goes by, and Tick is called whenever it asked to be
func (s *stage) doWait(args []string, _ command) (string, error) {
	d, err := time.ParseDuration(args[0])
	if err != nil {
		return "", err
	}
	end := s.now.Add(d)
	for {
		next := s.table.Tick(s.now)
		if next.IsZero() || next.After(end) {
			break
		}
		if !next.After(s.now) {
			return "", fmt.Errorf("Tick at %v asks for %v", s.now, next)
		}
		s.now = next
	}
	s.now = end
	s.table.Tick(end)
	return "", nil
}

// refuse ERROR TEXT: from now on the switch refuses what contains the text
func (s *stage) doRefuse(args []string, _ command) (string, error) {
	s.refuse = append(s.refuse, refusal{err: args[0], text: strings.Join(args[1:], " ")})
	return "", nil
}

func (s *stage) doAccept([]string, command) (string, error) {
	s.refuse = nil
	return "", nil
}

// port-gone N: the switch says that the port number is free
func (s *stage) doPortGone(args []string, _ command) (string, error) {
	port, err := strconv.ParseUint(args[0], 0, 32)
	s.table.PortGone(uint32(port), s.now)
	return "", err
}

// somebody adds FLOW, somebody deletes KEY, somebody sets-group N BODY, somebody deletes-group N, and for meters: behind
// flowhost's back; somebody-told, and the switch reports it
func (s *stage) doSomebody(args []string, c command) (string, error) {
	if len(args) < 2 {
		return "", fmt.Errorf("who does what?")
	}
	if _, kind, ok := strings.Cut(args[0], "-"); ok {
		return s.doSomebodyObject(args, map[string]ObjectKind{"group": Group, "meter": Meter}[kind], strings.HasPrefix(c.line, "somebody-told"))
	}
	text := strings.Join(args[1:], " ")
	if args[0] == "deletes" {
		text += " actions=drop"
	}
	f, err := flow.ParseFlow(text)
	if err != nil {
		return "", err
	}
	told := strings.HasPrefix(c.line, "somebody-told")
	if args[0] == "deletes" {
		delete(s.sw.flows, f.Key)
		if told {
			s.table.ObservedGone(f.Key, s.now)
		}
		return "", nil
	}
	s.sw.flows[f.Key] = Dumped{Flow: f}
	if told {
		s.table.Observed(s.sw.flows[f.Key], s.now)
	}
	return "", nil
}

func (s *stage) doSomebodyObject(args []string, kind ObjectKind, told bool) (string, error) {
	id, err := strconv.ParseUint(args[1], 0, 32)
	x := Object{kind, uint32(id)}
	if strings.HasPrefix(args[0], "sets") {
		s.sw.objects[x] = Body(strings.Join(args[2:], " "))
	} else {
		delete(s.sw.objects, x)
	}
	if told {
		s.table.Doubt(x)
	}
	if s.sw.objects[x] != "" {
		return "", err
	}
	for _, k := range s.sw.removeNaming(x) {
		if told {
			s.table.ObservedGone(k, s.now)
		}
	}
	return "", err
}

// option N, option none: where OVN's Geneve option is in the connection that follows
func (s *stage) doOption(args []string, _ command) (string, error) {
	index := -1
	if args[0] != "none" {
		var err error
		if index, err = strconv.Atoi(args[0]); err != nil {
			return "", err
		}
	}
	s.table.OptionAt(index, func(_ Object, body Body) uint64 { return optionsIn(string(body)) })
	return "", nil
}

// optionsIn are the tun_metadata fields that a text names.
func optionsIn(text string) (set uint64) {
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",=->", r) }) {
		if n, err := strconv.Atoi(strings.TrimPrefix(word, "tun_metadata")); err == nil && strings.HasPrefix(word, "tun_metadata") {
			set |= 1 << n
		}
	}
	return set
}

func (s *stage) doRestartHost([]string, command) (string, error) {
	s.startHost()
	return "", nil
}

func (s *stage) doRestartSwitch([]string, command) (string, error) {
	clear(s.sw.flows)
	clear(s.sw.objects)
	s.table.Disconnected()
	s.flight = nil
	return "", nil
}

func (s *stage) doSwitch([]string, command) (out string, err error) {
	for _, f := range s.sw.dump() {
		out += f.Flow.String() + "\n"
	}
	for _, x := range slices.SortedFunc(maps.Keys(s.sw.objects), Object.compare) {
		out += fmt.Sprintf("%s %s\n", x, s.sw.objects[x])
	}
	return out, nil
}

// mark OWNER NAME: its last installed value
func (s *stage) doMark(args []string, _ command) (string, error) {
	m, ok := s.table.Mark(s.owners[args[0]], args[1])
	if !ok {
		return "not installed yet\n", nil
	}
	return fmt.Sprintf("%s, %d quarantined\n", m.Value, m.Quarantined), nil
}

// objects: groups and meters as the table has them
func (s *stage) doObjects([]string, command) (out string, err error) {
	for v := range s.table.Objects {
		out += fmt.Sprintf("%s: %s, of %q, wanted %q, installed %q, named by %d flows\n", v.State, v.Object, v.Owner, v.Wanted, v.Installed, v.Flows)
	}
	return out, nil
}

func (s *stage) doTable([]string, command) (out string, err error) {
	for v := range s.table.Entries {
		out += describeEntry(v)
	}
	return out, nil
}

func (s *stage) doStats([]string, command) (string, error) {
	st := s.table.Stats()
	out := fmt.Sprintf("%d desired, %d entries, %d installed, %d pending, %d quarantined, %d stale, %d orphans, %d held\n",
		st.Desired, st.Entries, st.Installed, st.Pending, st.Quarantined, st.Stale, st.Orphans, st.Held)
	for _, o := range st.Owners {
		out += fmt.Sprintf("%s: %d desired, %d stale, %d quarantined, %d UUIDs, %d duplicates, synced %v\n",
			o.Name, o.Desired, o.Stale, o.Quarantined, o.UUIDs, o.Duplicates, o.Synced)
	}
	return out, nil
}
