// Package pipeline says where OVN's logical pipelines are in OpenFlow: which table does what, and which register holds what.
//
// These numbers are private to a node: ovn-northd writes stages relative to the beginning of a pipeline, and packets between
// nodes carry tunnel keys only. All sources of one node must agree on them, and people who know OVN's tables should find them
// where they expect them. So each version's numbers are one value, and code that makes flows takes the value it is given:
//
//	p := pipeline.OVN2303()
//	flow.NewMatch(p.Datapath.Is(3), p.Inport.Is(2))
//
// The sources of the numbers are controller/lflow.h, include/ovn/logical-fields.h and the section "Architectural Physical
// Life Cycle of a Packet" of ovn-architecture(7), of the version named. A value holds what flowhost's sources use.
package pipeline
