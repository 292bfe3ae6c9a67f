package table

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/flowhost/flowhost/sdk/flow"
)

// TestModel does random commands on the table and on the naive one and compares them after each: transactions of several
// owners, good and bad, syncs, lost sessions, connections and answers, refusals, adoptions, restarts. In the end the switch
// must hold the winners. A case that fails prints itself as a script. A run does the same commands as the one before, unless
// FLOWHOST_RANDOM is set, as make soak does.
func TestModel(t *testing.T) {
	want := 100_000
	if testing.Short() {
		want = 5_000
	}
	random := os.Getenv("FLOWHOST_RANDOM") != "" || flag.Lookup("rapid.seed").Value.String() != "0"
	for done, seed := 0, 1; done < want && !t.Failed(); seed++ {
		if !random {
			if err := flag.Set("rapid.seed", strconv.Itoa(seed)); err != nil {
				t.Fatal(err)
			}
		}
		rapid.Check(t, func(rt *rapid.T) {
			m := newModel(rt)
			for _, c := range drawScript(rt) {
				if m.possible(c) {
					m.do(c)
					done += len(c.body)
				}
			}
			m.finish()
		})
	}
}

// model is a stage and the naive table beside it.
type model struct {
	*stage
	rt         *rapid.T
	naive      *naive
	connected  bool
	session    map[string]bool   // by owner
	before     map[string]*naive // what an owner's last atomic transaction found
	transcript strings.Builder
	latest     Revision
	contested  bool     // some key is or was
	sliced     *command // the transaction that is done in slices
}

func newModel(rt *rapid.T) *model {
	m := &model{stage: newStage(), rt: rt, naive: &naive{specs: make(map[string]OwnerSpec), option: -1}, session: make(map[string]bool), before: make(map[string]*naive)}
	for _, line := range []string{
		fmt.Sprint("options small=2 slice=", rapid.IntRange(1, 3).Draw(rt, "slice")), // so that there are bigger transactions among those of a few operations
		"owner a slot=3 conjunctions=0-19 groups=1-2",
		"owner b slot=2 conjunctions=0-19 max-flows=6 groups=3-3",
		"owner c slot=1 conjunctions=0-19 rank=1 tables=0-1 unexpected",
	} {
		m.do(command{line: line})
	}
	for _, spec := range m.specs {
		m.naive.specs[spec.Name] = spec
	}
	return m
}

func (m *model) fatalf(format string, args ...any) {
	m.rt.Helper()
	m.rt.Fatalf("%s\n%s", fmt.Sprintf(format, args...), m.transcript.String())
}

// do does a command on both sides and compares them.
func (m *model) do(c command) {
	if m.sliced != nil && !m.goesBeside(c) {
		m.do(command{line: "finish"})
	}
	m.transcript.WriteString(c.String())
	printed, err := m.run(c)
	m.transcript.WriteString(printed)
	if err != nil {
		m.fatalf("%v", err)
	}
	if words := strings.Fields(c.line); words[0] == "txn" && words[len(words)-1] == "sliced" {
		sliced := c
		m.sliced, c = &sliced, command{line: "slice"}
	}
	if m.sliced != nil && m.stage.sliced != nil {
		m.follow(c, printed)
		return // what is seen is neither before nor after it
	}
	if done := m.sliced; done != nil {
		m.sliced = nil
		outcome, rest, _ := strings.Cut(printed, "\n")
		m.follow(*done, outcome)
		printed = rest
	}
	if err := m.table.validate(); err != nil {
		m.fatalf("invalid table: %v", err)
	}
	m.follow(c, printed)
	m.compare()
	m.checkInstalled(printed)
}

// follow does a command on the naive side.
func (m *model) follow(c command, printed string) {
	words := strings.Fields(c.line)
	switch words[0] {
	case "txn":
		txn := &Txn{}
		for _, line := range c.body {
			if err := parseOp(txn, line); err != nil {
				m.fatalf("%s: %v", line, err)
			}
		}
		if strings.Contains(printed, ErrBusy.Error()) {
			return
		}
		if words[len(words)-1] == "atomic" && !strings.HasPrefix(printed, "error") {
			m.before[words[1]] = &naive{flows: slices.Clone(m.naive.flows), groups: slices.Clone(m.naive.groups)}
		}
		if refused := strings.HasPrefix(printed, "error"); m.naive.commit(words[1], txn.Ops) == refused {
			m.fatalf("refused: %v, want %v", refused, !refused)
		}
		m.latest = m.table.revision
	case "option":
		index, err := strconv.Atoi(words[1])
		if err != nil {
			index = -1
		}
		for _, n := range append(slices.Collect(maps.Values(m.before)), m.naive) {
			n.moveOption(m.naive.option, index)
		}
		m.naive.option = index
	case "sync-begin":
		m.naive.setStale(words[1])
		m.session[words[1]] = true
	case "session-ended":
		if m.session[words[1]] { // one that is not there cannot end
			m.naive.setStale(words[1])
		}
		m.session[words[1]] = false
	case "sync-done":
		m.naive.syncDone(words[1])
		m.session[words[1]] = true
		m.latest = m.table.revision
	case "send-atomic":
		if strings.Contains(printed, "hears: rejected") {
			m.naive.takeBack(words[1], m.before[words[1]])
			m.latest = m.table.revision
		}
		if len(words) > 2 {
			m.do(command{line: "disconnect"})
		}
	case "connect":
		m.connected = true
	case "answer":
		if len(words) > 1 {
			m.do(command{line: "disconnect"})
		}
	case "disconnect", "restart-switch":
		m.connected = false
	case "restart-host":
		m.naive.flows, m.naive.groups, m.naive.option = nil, nil, -1
		clear(m.before)
		clear(m.session)
		m.connected = false
	}
}

// goesBeside says whether a command may come while a transaction is done in slices: the others the host's loop does not let in, or they
// would show what is half done.
func (m *model) goesBeside(c command) bool {
	words, owner := strings.Fields(c.line), strings.Fields(m.sliced.line)[1]
	switch words[0] {
	case "txn", "send-atomic":
		return words[1] != owner && words[len(words)-1] != "sliced" && words[len(words)-1] != "lost"
	case "slice", "finish", "diff", "diff-small", "diff-adds", "send", "answer", "wait", "refuse", "accept", "somebody-told", "read":
		return words[len(words)-1] != "lost"
	}
	return false
}

// compare holds both sides against each other, key by key.
func (m *model) compare() {
	keys := m.naive.keys()
	for v := range m.table.Entries {
		list := m.naive.contenders(v.Key)
		if len(list) != len(v.Contenders) {
			m.fatalf("%s: %d contenders, want %d", v.Key, len(v.Contenders), len(list))
		}
		quarantined := make(map[string]bool)
		for i, c := range v.Contenders {
			got := naiveFlow{c.Owner, c.UUID, c.Stale, list[i].held, c.Flow}
			if heldBack := c.Quarantined && strings.HasPrefix(c.Err, ErrOptionMoved.Error()); heldBack != (got.held != 0) {
				m.fatalf("%s: contender %d is held back: %v, want %b", v.Key, i, heldBack, got.held)
			}
			if got != list[i] {
				m.fatalf("%s: contender %d is %v, want %v", v.Key, i, got, list[i])
			}
			quarantined[c.Owner+c.UUID.String()] = c.Quarantined
		}
		want, ok := m.naive.winner(v.Key, func(f naiveFlow) bool { return quarantined[f.owner+f.uuid.String()] })
		if ok != (v.Winner != nil) || ok && v.Winner.Flow != want {
			m.fatalf("%s: winner %v, want %v %v", v.Key, v.Winner, ok, want)
		}
		delete(keys, v.Key)
	}
	if len(keys) > 0 {
		m.fatalf("keys that the table does not have: %v", keys)
	}
	var groups []naiveGroup
	for v := range m.table.Objects {
		if v.Owner != "" {
			i := slices.IndexFunc(m.naive.groups, func(g naiveGroup) bool { return g.id == v.ID })
			g := naiveGroup{owner: v.Owner, id: v.ID, stale: v.Stale, body: v.Wanted}
			if heldBack := v.State == StateQuarantined && strings.HasPrefix(v.Err, ErrOptionMoved.Error()); i >= 0 {
				if g.held = m.naive.groups[i].held; heldBack != (g.held != 0) {
					m.fatalf("%s is held back: %v, want %b", v.Object, heldBack, g.held)
				}
			}
			groups = append(groups, g)
		}
	}
	slices.SortFunc(m.naive.groups, func(a, b naiveGroup) int { return int(a.id) - int(b.id) })
	if !slices.Equal(groups, m.naive.groups) {
		m.fatalf("groups %v, want %v", groups, m.naive.groups)
	}
	if len(m.sw.lost) > 0 {
		m.fatalf("flows that went with their group: %v", m.sw.lost)
	}
}

// checkInstalled holds what an owner was told against the switch, when nothing has happened since the revision it was told
// of.
func (m *model) checkInstalled(printed string) {
	m.contested = m.contested || strings.Contains(printed, "contested")
	if m.contested {
		return // nobody waits for the end of a fight
	}
	for _, line := range strings.Split(printed, "\n") {
		who, rest, ok := strings.Cut(line, " hears: installed ")
		if !ok || !strings.HasSuffix(rest, fmt.Sprintf("revision %d", m.latest)) || len(m.table.owner(m.owners[who]).revisions) > 0 {
			continue // something has happened since, such as a flow of its won by others' work
		}
		for v := range m.table.Entries {
			for _, c := range v.Contenders {
				if c.Owner != who || c.Err != "" || m.naive.specs[who].Rank != m.naive.specs[v.Winner.Owner].Rank {
					continue
				}
				if got := m.sw.flows[v.Key]; !shows(got.Flow, c.Flow, v.Winner.Flow) {
					m.fatalf("%s was told that %s is installed, the switch has %s", who, c.Flow, got)
				}
			}
		}
	}
}

// shows says whether the switch holds a contender that is the winner or a part of it. The other parts are others' work,
// for which nobody waits.
func shows(got, contender, winner flow.Flow) bool {
	clauses := contender.Actions.Conjunctions()
	if len(clauses) == 0 || len(winner.Actions.Conjunctions()) == 0 {
		return contender != winner || got == winner
	}
	return !slices.ContainsFunc(clauses, func(c flow.Conj) bool { return !slices.Contains(got.Actions.Conjunctions(), c) })
}

// finish lets everything come to rest and compares the switch with the winners.
func (m *model) finish() {
	m.do(command{line: "accept"})
	m.do(command{line: "answer"})
	if !m.connected {
		m.do(command{line: "connect"})
	}
	for _, spec := range m.specs {
		m.do(command{line: "sync-done " + spec.Name})
	}
	for range 12 { // as long as the longest backoff takes, for flows that recover one after the other
		m.do(command{line: "wait 61s"})
		m.do(command{line: "send"})
		m.do(command{line: "send-atomic a"})
	}
	want, waiting := make(map[flow.Key]Dumped), 0
	for k := range m.naive.keys() {
		if f, ok := m.naive.winner(k, m.naive.waits); ok {
			want[k] = Dumped{Flow: f}
		}
	}
	for _, f := range m.naive.flows {
		if m.naive.waits(f) {
			waiting++
		}
	}
	if !maps.Equal(want, m.sw.flows) {
		m.fatalf("the switch holds %v, want %v", m.sw.flows, want)
	}
	objects := make(map[Object]Body)
	for _, g := range m.naive.groups {
		if g.held != 0 { // as it is, until it is pushed anew
			delete(m.sw.objects, Object{Group, g.id})
			continue
		}
		objects[Object{Group, g.id}] = g.body
	}
	if !maps.Equal(objects, m.sw.objects) {
		m.fatalf("the switch holds %v, want %v", m.sw.objects, objects)
	}
	if s := m.table.Stats(); s.Pending+s.Stale+s.Orphans+s.Held != 0 || s.Quarantined != waiting || s.Installed != len(want) {
		m.fatalf("not at rest: %+v", s)
	}
}

var modelActions = []string{
	"drop", "resubmit(,1)", "resubmit(,2)", "output:66", "conjunction(1,1/2)", "conjunction(1,2/2),conjunction(2,1/2)",
	"conjunction(3,2/3),conjunction(1,1/2)", "set_field:5->tun_metadata0", "set_field:5->tun_metadata1", "group:1", "group:2", "group:3", "conjunction(66,1/2)",
}

func drawOwner(t *rapid.T) string { return rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "owner") }

func drawID(t *rapid.T) string { return rapid.SampledFrom([]string{"01", "02", "03"}).Draw(t, "uuid") }

func drawKey(t *rapid.T) string {
	return fmt.Sprintf("table=%d,priority=%d,in_port=%d",
		rapid.SampledFrom([]int{0, 0, 0, 1, 1, 2}).Draw(t, "table"), rapid.IntRange(1, 2).Draw(t, "priority"), rapid.IntRange(1, 2).Draw(t, "port"))
}

func drawFlow(t *rapid.T) string {
	actions := modelActions
	if rapid.IntRange(0, 20).Draw(t, "fenced") > 0 {
		actions = actions[:len(actions)-1]
	}
	text := drawKey(t) + " actions=" + rapid.SampledFrom(actions).Draw(t, "actions")
	if rapid.IntRange(0, 3).Draw(t, "with cookie") == 0 {
		text = "cookie=0x7," + text
	}
	return text
}

// drawOp draws the lines of one operation.
func drawOp(t *rapid.T) []string {
	switch op := rapid.SampledFrom([]string{"add", "add", "add", "add", "set", "set", "remove", "remove-flow", "clear", "set-group", "set-group", "set-group", "remove-group"}).Draw(t, "operation"); op {
	case "set":
		lines := []string{"set " + drawID(t)}
		for range rapid.IntRange(0, 3).Draw(t, "flows") {
			lines = append(lines, "and "+drawFlow(t))
		}
		return lines
	case "remove":
		return []string{"remove " + drawID(t)}
	case "remove-flow":
		return []string{"remove-flow " + drawID(t) + " " + drawKey(t)}
	case "clear":
		return []string{"clear"}
	case "set-group":
		return []string{fmt.Sprintf("set-group %d %s", rapid.IntRange(1, 3).Draw(t, "group"), rapid.SampledFrom([]string{"x", "y", "tun_metadata0", "bad"}).Draw(t, "body"))}
	case "remove-group":
		return []string{fmt.Sprintf("remove-group %d", rapid.IntRange(1, 3).Draw(t, "group"))}
	}
	return []string{"add " + drawID(t) + " " + drawFlow(t)}
}

// drawCommand draws a command; transactions and what makes the switch follow are the most.
func drawCommand(t *rapid.T) command {
	kind := rapid.SampledFrom([]string{
		"txn", "txn", "txn", "txn", "txn", "txn", "txn", "txn", "slice", "slice", "slice", "slice", "diff 2", "diff 1", "diff 9", "diff-small 1", "diff-small 9", "diff-adds 2", "answer", "answer", "answer", "send",
		"send-atomic", "send-atomic", "connect", "disconnect", "session", "session", "wait", "wait", "refuse", "accept", "option", "trouble", "somebody", "somebody-told", "somebody-told", "read",
	}).Draw(t, "command")
	switch kind {
	case "txn":
		c := command{line: "txn " + drawOwner(t) + " 1"}
		c.line += rapid.SampledFrom([]string{"", "", " atomic", " sliced", " sliced"}).Draw(t, "how")
		for _, lines := range rapid.SliceOfN(rapid.Custom(drawOp), 1, 4).Draw(t, "operations") {
			c.body = append(c.body, lines...)
		}
		return c
	case "send-atomic":
		kind += " " + drawOwner(t)
	case "session":
		kind = rapid.SampledFrom([]string{"sync-begin ", "sync-done ", "sync-done ", "session-ended "}).Draw(t, "session") + drawOwner(t)
	case "wait":
		kind = rapid.SampledFrom([]string{"wait 100ms", "wait 1s", "wait 1m"}).Draw(t, "time")
	case "refuse":
		kind = rapid.SampledFrom([]string{
			"refuse OFPBAC_BAD_OUT_PORT output:66", "refuse OFPBAC_BAD_ARGUMENT conjunction(3", "refuse OFPFMFC_TABLE_FULL table=1",
			"refuse OFPBRC_EPERM delete", "refuse OFPGMFC_BAD_BUCKET bad",
		}).Draw(t, "refusal")
	case "option":
		kind = rapid.SampledFrom([]string{"option 0", "option 1", "option none"}).Draw(t, "field")
	case "trouble":
		kind = rapid.SampledFrom([]string{"restart-host", "restart-switch", "answer lost", "send-atomic a lost"}).Draw(t, "trouble")
	case "somebody", "somebody-told":
		if rapid.IntRange(0, 2).Draw(t, "object") == 0 {
			return command{line: kind + drawObject(t)}
		}
		if kind != "somebody" && rapid.Bool().Draw(t, "delete") {
			return command{line: kind + " deletes " + drawKey(t)}
		}
		kind += " adds cookie=" + rapid.SampledFrom([]string{"0x0", "0x0300000000000001", "0x0900000000000001"}).Draw(t, "cookie") + "," +
			drawKey(t) + " actions=" + rapid.SampledFrom([]string{"drop", "resubmit(,2)", "conjunction(2,1/2)"}).Draw(t, "actions")
	}
	return command{line: kind}
}

// drawObject draws what somebody does to a group, which may be in nobody's range.
func drawObject(t *rapid.T) string {
	id := rapid.IntRange(1, 4).Draw(t, "group")
	if rapid.Bool().Draw(t, "delete") {
		return fmt.Sprintf(" deletes-group %d", id)
	}
	return fmt.Sprintf(" sets-group %d %s", id, rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "body"))
}

// drawScript draws a long script of short parts: of a long slice rapid draws only few elements, and of a slice of fixed
// length it cannot leave any out when it shrinks a case that fails.
func drawScript(t *rapid.T) (script []command) {
	part := rapid.SliceOf(rapid.Custom(drawCommand))
	for _, chapter := range rapid.SliceOf(rapid.SliceOf(part)).Draw(t, "script") {
		for _, paragraph := range chapter {
			script = append(script, paragraph...)
		}
	}
	return script
}

// possible says whether a command makes sense now. While connected, nobody tells the table what others do.
func (m *model) possible(c command) bool {
	switch word, _, _ := strings.Cut(c.line, " "); word {
	case "connect", "somebody", "option":
		return !m.connected
	case "somebody-told":
		return m.connected
	}
	return true
}
