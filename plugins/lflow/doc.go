// Command flowhost-plugin-lflow is a flow source of OVN: it makes the flows of logical flows, and of the tables that these ask (lflow.c of
// ovn-controller).
//
//	what                                          OpenFlow tables (OVN 23.03)
//	logical pipelines                             8 to 36, 42 to 63
//	hairpin of load balancers                     68 to 70
//	security of ports                             73 to 75
//	what logical flows learn, and begin empty     76 to 78
//
// Rows come from the databases by package feed. What logical flows depend on beside their own rows is known to a network.Network; a
// compiler.Compiler makes their flows, and notes each answer of the Network that it used. A source keeps these notes in an index, and
// when an answer has become another one, compiles what has used it anew. Nothing else is compiled twice. Of an address set or a port group
// that has become another one only the flows of the members that came and went are made.
//
// A row that cannot have flows, because it does not parse, say, or would take too many, is skipped: it is warned of once, and counted in
// the status. An id that no flow has any more, of a conjunction, group or meter, is used anew once the switch has confirmed that.
//
// flowhost starts it. --dialect=ovn-23.03 among its arguments has it do exactly what ovn-controller 23.03 does; otherwise it takes the
// better way where package dialect knows one. FLOWHOST_OVSDB in its environment is the endpoint of the local Open_vSwitch database, as it
// is of the other sources. What it can be asked:
//
//	flowhost plugins command lflow problems            the rows that lack flows, and why
//	flowhost plugins command lflow dependencies UUID   what the flows of a row were made of
//	flowhost plugins command lflow recompute           make all flows anew, which changes none
//	flowhost explain UUID                              what the row is, and where from
package main
