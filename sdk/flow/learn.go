package flow

import (
	"errors"
	"strconv"
	"strings"
)

// Learn is a learn action: it makes, or renews, a flow in a table of the same switch (ovs-actions(7), The learn action).
type Learn struct {
	Table          TableID
	IdleTimeout    uint16 // seconds, 0 for none
	HardTimeout    uint16
	FinIdleTimeout uint16 // as FinTimeout, of the learned flow
	FinHardTimeout uint16
	Priority       Priority
	Cookie         Cookie
	SendFlowRem    bool   // tell the controller when the learned flow ends
	DeleteLearned  bool   // learned flows end with the last flow that learns them
	Limit          uint32 // learned flows in the table with this cookie, 0 for no limit
	Result         Part   // one bit that gets whether the limit allowed it; optional
	Specs          []LearnSpec
}

// LearnSpec is one thing that the learned flow matches or does. Exactly one of Src and Value is used: Src when it has a field.
type LearnSpec struct {
	Kind  LearnKind
	Src   Part   // of the packet that is learned from
	Value []byte // a number in network order, right-justified; as many bits as Dst has
	Dst   Part   // what the learned flow matches or writes; not for LearnOutput
}

// LearnKind is what becomes of a LearnSpec in the learned flow.
type LearnKind uint8

// The kinds of LearnSpec.
const (
	LearnMatch  LearnKind = iota // a match on Dst
	LearnLoad                    // an action that loads Dst
	LearnOutput                  // an output to the port in Src
)

const (
	learnSendFlowRem   = 1
	learnDeleteLearned = 2
	learnWriteResult   = 4
	learnFlags         = 7

	learnImmediate = 1 << 13
	learnKindShift = 11
	learnBits      = 0x7ff
)

var (
	errLearnFlags = errors.New("unknown flags")
	errLearnTable = errors.New("flows are learned in tables 0 to 253")
	errLearnSpec  = errors.New("no such specification")
	errLearnValue = errors.New("more than the destination holds")
	errOneBit     = errors.New("must be one bit")
)

// LearnFlow makes a flow like this packet.
func LearnFlow(l Learn) Action {
	result := l.Result.Field != nil
	if result {
		if err := l.Result.checkBit(); err != nil {
			return Action{err: err}
		}
	}
	subtype := subLearn
	if l.Limit != 0 || result {
		subtype = subLearn2
	}
	b := newNicira(subtype, 0)
	for _, v := range [...]uint16{l.IdleTimeout, l.HardTimeout, uint16(l.Priority)} {
		b = appendUint(b, uint64(v), 2)
	}
	b = appendUint(b, uint64(l.Cookie), 8)
	b = appendUint(b, l.flags(), 2)
	b = append(b, byte(l.Table), 0)
	b = appendUint(b, uint64(l.FinIdleTimeout)<<16|uint64(l.FinHardTimeout), 4)
	if subtype == subLearn2 {
		b = appendUint(b, uint64(l.Limit)<<32|uint64(l.Result.First)<<16, 8)
		if result {
			b = appendID(b, l.Result.Field, l.Result.Field.oldest())
		}
	}
	for _, s := range l.Specs {
		var err error
		if b, err = s.append(b); err != nil {
			return Action{err: err}
		}
	}
	return finished(b)
}

func (l *Learn) flags() (flags uint64) {
	if l.SendFlowRem {
		flags |= learnSendFlowRem
	}
	if l.DeleteLearned {
		flags |= learnDeleteLearned
	}
	if l.Result.Field != nil {
		flags |= learnWriteResult
	}
	return flags
}

// learn takes NXAST_LEARN and NXAST_LEARN2: idle_timeout(2) hard_timeout(2) priority(2) cookie(8) flags(2) table_id(1) pad(1)
// fin_idle_timeout(2) fin_hard_timeout(2), in the second limit(4) result_dst_ofs(2) pad(2) and, with that flag, result_dst(4 or
// 8); then specifications, padded. The second becomes the first where it says no more.
func (w *rewriter) learn(a string) error {
	h, err := readLearn(a)
	if err != nil {
		return err
	}
	subtype, start := subLearn, w.pos()
	if h.limit != 0 || h.result.Field != nil {
		subtype = subLearn2
	}
	w.nicira(subtype, w.lengthAt(start))
	w.text(a[10:27])
	w.zeros(1)
	w.text(a[28:32])
	if subtype == subLearn2 {
		w.uint(uint64(h.limit), 4)
		w.uint(uint64(h.result.First)<<16, 4)
		if f := h.result.Field; f != nil {
			w.id(f, f.oldest())
		}
	}
	for rest := a[h.specs:]; ; {
		s, n, err := readLearnSpec(rest)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		w.learnSpec(&s)
		rest = rest[n:]
	}
	w.finish(start)
	return nil
}

// learnHead is what of a learn action does not stand at a fixed place.
type learnHead struct {
	limit  uint32
	result Part
	specs  int // where they begin
}

func readLearn(a string) (h learnHead, err error) {
	if len(a) < 32 {
		return h, errLength
	}
	flags := be16(a, 24)
	h.specs = 32
	second := be16(a, 8) == subLearn2
	switch {
	case flags&^learnFlags != 0, !second && flags&learnWriteResult != 0:
		return h, errLearnFlags
	case TableID(a[26]) > MaxTable:
		return h, errLearnTable
	case !second:
		return h, nil
	case len(a) < 40:
		return h, errLength
	}
	h.limit, h.specs = be32(a, 32), 40
	if flags&learnWriteResult == 0 {
		return h, nil
	}
	i, err := readID(a[40:])
	if err != nil {
		return h, err
	}
	h.result = i.field.Part(int(be16(a, 36)), 1)
	h.specs += i.size
	return h, h.result.checkBit()
}

func appendLearn(b []byte, a string) []byte {
	h, _ := readLearn(a)
	b = strconv.AppendUint(append(b, "learn(table="...), uint64(a[26]), 10)
	number := func(name string, v uint64) {
		if v != 0 {
			b = strconv.AppendUint(append(append(b, name...), '='), v, 10)
		}
	}
	flags := be16(a, 24)
	number(",idle_timeout", uint64(be16(a, 10)))
	number(",hard_timeout", uint64(be16(a, 12)))
	number(",fin_idle_timeout", uint64(be16(a, 28)))
	number(",fin_hard_timeout", uint64(be16(a, 30)))
	if p := be16(a, 14); p != defaultPriority {
		b = strconv.AppendUint(append(b, ",priority="...), uint64(p), 10)
	}
	if flags&learnSendFlowRem != 0 {
		b = append(b, ",send_flow_rem"...)
	}
	if flags&learnDeleteLearned != 0 {
		b = append(b, ",delete_learned"...)
	}
	if cookie := be64(a, 16); cookie != 0 {
		b = strconv.AppendUint(append(b, ",cookie=0x"...), cookie, 16)
	}
	number(",limit", uint64(h.limit))
	if h.result.Field != nil {
		b = appendPart(append(b, ",result_dst="...), h.result)
	}
	for rest := a[h.specs:]; ; {
		s, n, _ := readLearnSpec(rest)
		if n == 0 {
			return append(b, ')')
		}
		b = s.text(append(b, ','))
		rest = rest[n:]
	}
}

// parseLearn reads "(table=…,…,specification,…)".
func parseLearn(arg argument) (Action, error) {
	l := Learn{Priority: defaultPriority, Table: 1} // table 1 is what ovs-ofctl takes where none is given
	err := arg.each(func(arg argument) (err error) {
		known, err := l.parse(arg)
		if known || err != nil {
			return err
		}
		s, err := parseLearnSpec(arg)
		l.Specs = append(l.Specs, s)
		return err
	})
	return LearnFlow(l), err
}

func (l *Learn) parse(arg argument) (known bool, err error) {
	var v uint64
	number := func(bits int) { v, err = parseUint(arg.value, bits) }
	switch arg.key {
	case "table":
		number(8)
		l.Table = TableID(v)
	case "priority":
		number(16)
		l.Priority = Priority(v)
	case "idle_timeout":
		number(16)
		l.IdleTimeout = uint16(v)
	case "hard_timeout":
		number(16)
		l.HardTimeout = uint16(v)
	case "fin_idle_timeout":
		number(16)
		l.FinIdleTimeout = uint16(v)
	case "fin_hard_timeout":
		number(16)
		l.FinHardTimeout = uint16(v)
	case "cookie":
		number(64)
		l.Cookie = Cookie(v)
	case "limit":
		number(32)
		l.Limit = uint32(v)
	case "send_flow_rem":
		l.SendFlowRem = true
	case "delete_learned":
		l.DeleteLearned = true
	case "result_dst":
		l.Result, err = parsePart(strings.TrimSpace(arg.value))
	default:
		return false, nil
	}
	return true, err
}
