package flow

import (
	"errors"
	"slices"
)

// GroupID names a group of the switch, up to 0xffffff00.
type GroupID uint32

// maxGroup is the highest group there can be (OFPG_MAX), and the highest bucket.
const maxGroup = 0xffffff00

// groupAny is no group (OFPG_ANY).
const groupAny = 0xffffffff

// GroupType is how a group chooses among its buckets (OpenFlow 1.5 §7.3.4.3).
type GroupType uint8

// The types of groups.
const (
	GroupAll          GroupType = iota // every bucket
	GroupSelect                        // one, by a hash of the packet
	GroupIndirect                      // the only one
	GroupFastFailover                  // the first whose port or group is live
)

var groupTypeNames = []string{"all", "select", "indirect", "ff"}

// Group is a group in canonical form. It is immutable, and comparable with ==.
type Group struct {
	ID         GroupID
	Type       GroupType
	Buckets    string // a list of ofp_bucket (OpenFlow 1.5 §7.3.4.3.1)
	Properties string // a list of group properties: the selection method, or nothing
}

// GroupSpec is a group as its author says it. See NewGroup.
type GroupSpec struct {
	ID      GroupID
	Type    GroupType
	Method  SelectionMethod // of GroupSelect; the zero value leaves it to the switch
	Buckets []Bucket
}

// Bucket is one of the action sets of a group.
type Bucket struct {
	ID         uint32
	Weight     uint16  // of GroupSelect: its share; 0 gets no packets
	WatchPort  Port    // of GroupFastFailover and GroupSelect: must be live; 0 is none
	WatchGroup GroupID // of the same: must be live
	Watches    bool    // WatchGroup is meant
	Actions    []Action
}

const (
	// maxGroupMessage is the longest message of a group that can be used: Open vSwitch takes longer ones in pieces, but cannot
	// report them, and the answer breaks the connection.
	maxGroupMessage = 65000
	groupModLen     = 24 // of the message in front of the buckets
)

var (
	errGroupID    = errors.New("a group has an id of 0 to 0xffffff00")
	errGroupType  = errors.New("no such type of group")
	errIndirect   = errors.New("an indirect group has one bucket")
	errBucketID   = errors.New("a bucket has an id of 0 to 0xffffff00, different from the others'")
	errWeight     = errors.New("only buckets of a select group have a weight")
	errWatch      = errors.New("buckets of a fast failover group watch a port or a group, those of a select group may, others do not")
	errGroupLarge = errors.New("longer than 65,000 bytes as a message, which Open vSwitch cannot report")
)

// NewGroup makes a canonical group. The error is an *Error that Is ErrGroup.
func NewGroup(spec GroupSpec) (Group, error) {
	g := wireGroup{id: spec.ID, kind: spec.Type}
	for _, b := range spec.Buckets {
		w := wireBucket{id: b.ID, weight: b.Weight, weighted: spec.Type == GroupSelect || b.Weight != 0, port: PortAny, group: groupAny}
		if b.WatchPort != 0 {
			w.port = b.WatchPort
		}
		if b.Watches {
			w.group = b.WatchGroup
		}
		for _, a := range b.Actions {
			if a.err != nil {
				return Group{}, groupError("bucket", -1, a.err)
			}
			w.actions += a.wire
		}
		g.buckets = append(g.buckets, w)
	}
	var err error
	if g.method, err = spec.Method.wire(); err != nil {
		return Group{}, groupError("selection_method", -1, err)
	}
	return g.canonical()
}

// CanonicalGroup makes the canonical form of a group as a message has it. It keeps nothing of buckets and properties. The error
// is an *Error that Is ErrGroup.
func CanonicalGroup(id GroupID, kind GroupType, buckets, properties []byte) (Group, error) {
	g := wireGroup{id: id, kind: kind}
	list := string(buckets)
	for off := 0; off < len(list); {
		b, n, err := readBucket(list[off:], kind)
		if err != nil {
			return Group{}, groupError("bucket", off, err)
		}
		g.buckets = append(g.buckets, b)
		off += n
	}
	var err error
	if g.method, err = readMethod(string(properties)); err != nil {
		return Group{}, groupError("selection_method", -1, err)
	}
	return g.canonical()
}

// IsCanonical says whether the group is in canonical form, and with that whether it is valid.
func (g Group) IsCanonical() bool {
	c, err := CanonicalGroup(g.ID, g.Type, []byte(g.Buckets), []byte(g.Properties))
	return err == nil && c == g
}

// wireGroup is a group taken apart.
type wireGroup struct {
	id      GroupID
	kind    GroupType
	method  wireMethod
	buckets []wireBucket
}

func groupError(what string, offset int, err error) error {
	return &Error{Kind: ErrGroup, What: what, Offset: offset, Err: err}
}

// canonical checks the group and writes it.
func (g *wireGroup) canonical() (Group, error) {
	switch {
	case g.id > maxGroup:
		return Group{}, groupError("", -1, errGroupID)
	case int(g.kind) >= len(groupTypeNames):
		return Group{}, groupError("", -1, errGroupType)
	case g.kind == GroupIndirect && len(g.buckets) != 1:
		return Group{}, groupError("", -1, errIndirect)
	case g.kind != GroupSelect && g.method.name != "":
		return Group{}, groupError("selection_method", -1, errMethodType)
	}
	var out []byte
	seen := make(map[uint32]bool, len(g.buckets))
	for _, b := range g.buckets {
		if b.id > maxGroup || seen[b.id] {
			return Group{}, groupError("bucket", len(out), errBucketID)
		}
		seen[b.id] = true
		var err error
		if out, err = b.append(out, g.kind); err != nil {
			return Group{}, groupError("bucket", len(out), err)
		}
	}
	properties := g.method.append(nil)
	if groupModLen+len(out)+len(properties) > maxGroupMessage {
		return Group{}, groupError("", -1, errGroupLarge)
	}
	return Group{g.id, g.kind, string(out), string(properties)}, nil
}

// Refs are what the group's buckets name, in order.
func (g Group) Refs() []Ref {
	var refs []Ref
	for off := 0; off < len(g.Buckets); {
		b, n, err := readBucket(g.Buckets[off:], g.Type)
		if err != nil {
			break
		}
		if b.group != groupAny {
			refs = append(refs, Ref{Kind: RefGroup, ID: uint32(b.group)})
		}
		eachIn(b.actions, func(kind actionKind, wire string) bool {
			return refsOf(kind, wire, func(r Ref) bool {
				refs = append(refs, r)
				return true
			})
		})
		off += n
	}
	return slices.Clip(refs)
}
