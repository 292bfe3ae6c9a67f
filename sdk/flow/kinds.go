package flow

// actionKind is one kind of action on the wire. This file is the table of actions: a kind for each, its name, how it is
// recognised, who checks and folds it, who prints it, who reads its text. Each family has a file of its own.
//
// The dispatch is by switch, and not through an interface or a table of functions, so that the rewriter stays on the
// stack: checking canonical actions does not allocate.
type actionKind uint8

const (
	kindUnknown actionKind = iota
	kindOutput
	kindOutputReg
	kindOutputReg2
	kindOutputTrunc
	kindController
	kindController2
	kindGroup
	kindSetField
	kindRegLoad
	kindRegLoad2
	kindMove
	kindRegMove
	kindSetTunnel
	kindSetTunnel64
	kindPushVLAN
	kindPopVLAN
	kindPushMPLS
	kindPopMPLS
	kindSetMPLSTTL
	kindDecMPLSTTL
	kindSetTTL
	kindDecTTL
	kindNXDecTTL
	kindDecTTLIDs
	kindDecNSHTTL
	kindSetQueue
	kindPopQueue
	kindMeter
	kindPush
	kindPop
	kindResubmit
	kindResubmitTable
	kindResubmitCT
	kindCT
	kindNAT
	kindCTClear
	kindLearn
	kindLearn2
	kindConjunction
	kindClone
	kindNote
	kindSample
	kindSample2
	kindSample3
	kindCheckPktLarger
	kindMultipath
	kindBundle
	kindBundleLoad
	kindFinTimeout
	kindDeleteField
	kindEncap
	kindDecap
	kindExit
	kindCount
)

// kindNames are what ovs-ofctl calls them.
var kindNames = [kindCount]string{
	kindUnknown:        "unknown",
	kindOutput:         "output",
	kindOutputReg:      "output",
	kindOutputReg2:     "output",
	kindOutputTrunc:    "output",
	kindController:     "controller",
	kindController2:    "controller",
	kindGroup:          "group",
	kindSetField:       "set_field",
	kindRegLoad:        "load",
	kindRegLoad2:       "set_field",
	kindMove:           "move",
	kindRegMove:        "move",
	kindSetTunnel:      "set_tunnel",
	kindSetTunnel64:    "set_tunnel64",
	kindPushVLAN:       "push_vlan",
	kindPopVLAN:        "pop_vlan",
	kindPushMPLS:       "push_mpls",
	kindPopMPLS:        "pop_mpls",
	kindSetMPLSTTL:     "set_mpls_ttl",
	kindDecMPLSTTL:     "dec_mpls_ttl",
	kindSetTTL:         "mod_nw_ttl",
	kindDecTTL:         "dec_ttl",
	kindNXDecTTL:       "dec_ttl",
	kindDecTTLIDs:      "dec_ttl",
	kindDecNSHTTL:      "dec_nsh_ttl",
	kindSetQueue:       "set_queue",
	kindPopQueue:       "pop_queue",
	kindMeter:          "meter",
	kindPush:           "push",
	kindPop:            "pop",
	kindResubmit:       "resubmit",
	kindResubmitTable:  "resubmit",
	kindResubmitCT:     "resubmit",
	kindCT:             "ct",
	kindNAT:            "nat",
	kindCTClear:        "ct_clear",
	kindLearn:          "learn",
	kindLearn2:         "learn",
	kindConjunction:    "conjunction",
	kindClone:          "clone",
	kindNote:           "note",
	kindSample:         "sample",
	kindSample2:        "sample",
	kindSample3:        "sample",
	kindCheckPktLarger: "check_pkt_larger",
	kindMultipath:      "multipath",
	kindBundle:         "bundle",
	kindBundleLoad:     "bundle_load",
	kindFinTimeout:     "fin_timeout",
	kindDeleteField:    "delete_field",
	kindEncap:          "encap",
	kindDecap:          "decap",
	kindExit:           "exit",
}

func (k actionKind) String() string { return kindNames[k] }

// standardKinds and niciraKinds are the kinds by type, and by subtype of Open vSwitch's own.
var (
	standardKinds = [32]actionKind{
		typeOutput:     kindOutput,
		typeGroup:      kindGroup,
		typeSetField:   kindSetField,
		typeCopyField:  kindMove,
		typePushVLAN:   kindPushVLAN,
		typePopVLAN:    kindPopVLAN,
		typePushMPLS:   kindPushMPLS,
		typePopMPLS:    kindPopMPLS,
		typeSetMPLSTTL: kindSetMPLSTTL,
		typeDecMPLSTTL: kindDecMPLSTTL,
		typeSetTTL:     kindSetTTL,
		typeDecTTL:     kindDecTTL,
		typeSetQueue:   kindSetQueue,
		typeMeter:      kindMeter,
	}
	niciraKinds = [64]actionKind{
		subOutputReg:      kindOutputReg,
		subOutputReg2:     kindOutputReg2,
		subOutputTrunc:    kindOutputTrunc,
		subController:     kindController,
		subController2:    kindController2,
		subRegLoad:        kindRegLoad,
		subRegLoad2:       kindRegLoad2,
		subRegMove:        kindRegMove,
		subSetTunnel:      kindSetTunnel,
		subSetTunnel64:    kindSetTunnel64,
		subDecTTL:         kindNXDecTTL,
		subDecTTLIDs:      kindDecTTLIDs,
		subDecNSHTTL:      kindDecNSHTTL,
		subPopQueue:       kindPopQueue,
		subPush:           kindPush,
		subPop:            kindPop,
		subResubmit:       kindResubmit,
		subResubmitTable:  kindResubmitTable,
		subResubmitCT:     kindResubmitCT,
		subCT:             kindCT,
		subNAT:            kindNAT,
		subCTClear:        kindCTClear,
		subLearn:          kindLearn,
		subLearn2:         kindLearn2,
		subConjunction:    kindConjunction,
		subClone:          kindClone,
		subNote:           kindNote,
		subSample:         kindSample,
		subSample2:        kindSample2,
		subSample3:        kindSample3,
		subCheckPktLarger: kindCheckPktLarger,
		subMultipath:      kindMultipath,
		subBundle:         kindBundle,
		subBundleLoad:     kindBundleLoad,
		subFinTimeout:     kindFinTimeout,
		subDeleteField:    kindDeleteField,
		subEncap:          kindEncap,
		subDecap:          kindDecap,
		subExit:           kindExit,
	}
)

// kindOf recognises an action of at least 8 bytes.
func kindOf(a string) actionKind {
	t := be16(a, 0)
	if int(t) < len(standardKinds) {
		return standardKinds[t]
	}
	if t == typeExperimenter && be32(a, 4) == experimenterNicira && len(a) >= 16 {
		if sub := be16(a, 8); int(sub) < len(niciraKinds) {
			return niciraKinds[sub]
		}
	}
	return kindUnknown
}

// action checks a, which begins at offset of the input, and writes its canonical form.
func (w *rewriter) action(kind actionKind, a string, offset int) error {
	switch kind {
	case kindOutput:
		return w.output(a)
	case kindOutputReg:
		return w.outputReg(a)
	case kindOutputReg2:
		return w.outputReg2(a)
	case kindOutputTrunc:
		return w.outputTrunc(a)
	case kindController:
		return w.controller(a)
	case kindController2:
		return w.controller2(a)
	case kindSetField:
		return w.setFieldAction(a)
	case kindRegLoad:
		return w.regLoad(a)
	case kindRegLoad2:
		return w.regLoad2(a)
	case kindMove:
		return w.move(a)
	case kindRegMove:
		return w.regMove(a)
	case kindSetTunnel, kindSetTunnel64:
		return w.setTunnel(a)
	case kindDecTTL, kindNXDecTTL:
		return w.decTTL(a)
	case kindDecTTLIDs:
		return w.decTTLIDs(a)
	case kindPush, kindPop:
		return w.stack(a)
	case kindResubmit:
		return w.resubmit(a)
	case kindResubmitTable, kindResubmitCT:
		return w.resubmitTable(a)
	case kindCT:
		return w.ct(a, offset)
	case kindNAT:
		return w.nat(a)
	case kindLearn, kindLearn2:
		return w.learn(a)
	case kindConjunction:
		return w.conjunction(a)
	case kindClone:
		return w.clone(a, offset)
	case kindNote:
		return w.note(a)
	case kindSample, kindSample2, kindSample3:
		return w.sample(a)
	case kindCheckPktLarger:
		return w.checkPktLarger(a)
	case kindMultipath:
		return w.multipath(a)
	case kindBundle, kindBundleLoad:
		return w.bundle(a)
	case kindFinTimeout:
		return w.finTimeout(a)
	case kindDeleteField:
		return w.deleteField(a)
	case kindEncap:
		return w.encap(a)
	case kindDecap:
		return w.decap(a)
	case kindUnknown:
		return errUnknown
	}
	return w.number(kind, a)
}

// append appends a, which is canonical, as text. Kinds that are always folded to others do not occur.
func (k actionKind) append(b []byte, a string) []byte {
	switch k {
	case kindOutput:
		return appendOutput(b, a)
	case kindOutputReg, kindOutputReg2:
		return appendOutputReg(b, a)
	case kindOutputTrunc:
		return appendOutputTrunc(b, a)
	case kindController:
		return appendController(b, a)
	case kindController2:
		return appendController2(b, a)
	case kindSetField:
		return appendSetField(b, a)
	case kindMove:
		return appendMove(b, a)
	case kindDecTTL:
		return append(b, k.String()...)
	case kindDecTTLIDs:
		return appendDecTTLIDs(b, a)
	case kindPush:
		return appendStack(b, "push", a)
	case kindPop:
		return appendStack(b, "pop", a)
	case kindResubmitTable, kindResubmitCT:
		return appendResubmit(b, a)
	case kindCT:
		return appendCT(b, a)
	case kindNAT:
		return appendNAT(b, a)
	case kindLearn, kindLearn2:
		return appendLearn(b, a)
	case kindConjunction:
		return appendConjunction(b, a)
	case kindClone:
		return appendClone(b, a)
	case kindNote:
		return appendNote(b, a)
	case kindSample, kindSample2, kindSample3:
		return appendSample(b, a)
	case kindCheckPktLarger:
		return appendCheckPktLarger(b, a)
	case kindMultipath:
		return appendMultipath(b, a)
	case kindBundle, kindBundleLoad:
		return appendBundle(b, a)
	case kindFinTimeout:
		return appendFinTimeout(b, a)
	case kindDeleteField:
		return appendDeleteField(b, a)
	case kindEncap:
		return appendEncap(b, a)
	case kindDecap:
		return appendDecap(b, a)
	}
	return appendNumber(b, k, a)
}

// parse reads the text of an action.
func (k actionKind) parse(arg argument) (Action, error) {
	switch k {
	case kindOutput:
		return parseOutput(arg)
	case kindController:
		return parseController(arg)
	case kindSetField:
		return parseSetField(arg)
	case kindRegLoad:
		return parseLoad(arg)
	case kindMove:
		return parseMove(arg)
	case kindDecTTL:
		return parseDecTTL(arg)
	case kindPush:
		return parseStack(arg, Push)
	case kindPop:
		return parseStack(arg, Pop)
	case kindResubmit:
		return parseResubmit(arg)
	case kindCT:
		return parseCT(arg)
	case kindNAT:
		return parseNATAction(arg)
	case kindLearn:
		return parseLearn(arg)
	case kindConjunction:
		return parseConjunction(arg)
	case kindClone:
		return parseClone(arg)
	case kindNote:
		return parseNote(arg)
	case kindSample:
		return parseSample(arg)
	case kindCheckPktLarger:
		return parseCheckPktLarger(arg)
	case kindMultipath:
		return parseMultipath(arg)
	case kindBundle:
		return parseBundle(arg, false)
	case kindBundleLoad:
		return parseBundle(arg, true)
	case kindFinTimeout:
		return parseFinTimeout(arg)
	case kindDeleteField:
		return parseDeleteField(arg)
	case kindEncap:
		return parseEncap(arg)
	case kindDecap:
		return parseDecap(arg)
	}
	return parseNumber(k, arg)
}
