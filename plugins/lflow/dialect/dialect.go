package dialect

import "github.com/flowhost/flowhost/internal/ovn/pipeline"

// Dialect is one way to read logical flows.
type Dialect struct {
	Name    string  // as in a configuration: "ovn-23.03"
	Release Release // whose logical fields, predicates and actions there are
	// Pipeline has the numbers of OpenFlow tables and registers.
	Pipeline *pipeline.Pipeline

	// Matches.

	// Negation is how a comparison by != becomes comparisons by ==.
	Negation Negation
	// KeepSubsets leaves alternatives in that another alternative covers, in address sets too: 10.0.0.1 beside 10.0.0.0/24. They
	// cost flows and match nothing more.
	KeepSubsets bool
	// OverwriteSharedFields lets the last of several comparisons decide where they are about one OpenFlow field under different
	// names (inport and __inport are both reg14), so that the others are lost. Otherwise all of them must hold.
	OverwriteSharedFields bool
	// LoseUnsendable drops what OpenFlow cannot say, as Open vSwitch does, so that a flow matches more than it should: some bits of
	// a field that can only be matched as a whole, such as eth.type == 0/0xff, and what is said of ip.dscp or ip.ecn (OVS, mf_set); a field whose prerequisite is not
	// matched, such as !ip.frag[0] alone; and of a VLAN tag's priority some of the bits, or any without the bit that says that
	// there is a tag (OVS, nx_put_raw). Otherwise a priority becomes one flow for each that is meant, and the rest is refused.
	LoseUnsendable bool
	// KeepDeadClauses leaves in the clauses of a conjunction that come before one of which no alternative can match. They cost
	// flows and match nothing.
	KeepDeadClauses bool

	Actions Actions

	// MistypedHopLimit has port security look for neighbor discovery with a hop limit of 225 where RFC 4861 has 255, so that a port
	// that may send all addresses cannot advertise any, and another not its link-local one.
	MistypedHopLimit bool
	// PassSolicitations has port security let neighbor solicitations pass whatever Ethernet address they tell, against ovn-nb(5). With
	// the mistyped hop limit those with the right one would be denied, too.
	PassSolicitations bool
}

// Release is a version of OVN, by what its logical flows may say.
type Release uint8

const (
	Release2303 Release = iota
	Release2603
)

// Negation is a method to write "this value is not v" with values and masks.
type Negation uint8

const (
	// NegatePrefixes has one disjoint range for each bit: that bit differs and all bits above it are equal. Two negations of
	// n bits each overlap in about 2n ranges.
	NegatePrefixes Negation = iota
	// NegateBits has one bit for each bit, which differs, and says nothing of the others. Two negations of n bits each overlap
	// in up to n*n ways.
	NegateBits
)

// Default is the language of OVN 23.03, read in the better ways.
func Default() *Dialect {
	return &Dialect{Name: "default", Release: Release2303, Pipeline: pipeline.OVN2303(), Actions: actions2303()}
}

// OVN2303 does what ovn-controller of OVN 23.03 does.
func OVN2303() *Dialect {
	actions := actions2303()
	actions.RestoreOverResult, actions.DecimalKeys, actions.ShortSuffixes = true, true, true
	return &Dialect{
		Name:                  "ovn-23.03",
		Release:               Release2303,
		Pipeline:              pipeline.OVN2303(),
		Negation:              NegateBits,
		KeepSubsets:           true,
		OverwriteSharedFields: true,
		LoseUnsendable:        true,
		KeepDeadClauses:       true,
		Actions:               actions,
		MistypedHopLimit:      true,
		PassSolicitations:     true,
	}
}

// OVN2603 does what ovn-controller of OVN 26.03 does.
func OVN2603() *Dialect {
	actions := actions2603()
	actions.RestoreOverResult, actions.DecimalKeys, actions.ShortSuffixes = true, true, true
	return &Dialect{
		Name:                  "ovn-26.03",
		Release:               Release2603,
		Pipeline:              pipeline.OVN2603(),
		OverwriteSharedFields: true,
		LoseUnsendable:        true,
		KeepDeadClauses:       true,
		Actions:               actions,
		PassSolicitations:     true,
	}
}

// ByName finds a dialect by its name. The second result is false when there is none.
func ByName(name string) (*Dialect, bool) {
	for _, d := range []*Dialect{Default(), OVN2303(), OVN2603()} {
		if d.Name == name {
			return d, true
		}
	}
	return nil, false
}
