// Package compiler makes the OpenFlow flows of logical flows (ovn-sb(5), Logical_Flow), as lflow.c's consider_logical_flow does.
//
// A Compiler reads a row's text once and instantiates it for each datapath:
//
//	err := c.Read(&row)
//	flows, err := c.Flows(datapath)
//	c.Reads()    // what of the network the flows were made of
//	added, removed, ok := c.Delta(datapath, change) // because of a few addresses or ports in a large set
//
// It is pure: all that it knows of the network it asks the Network for, and it writes down each question. Whoever keeps these can tell
// which logical flows have to be compiled anew when something changes.
package compiler
