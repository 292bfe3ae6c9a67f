// Package action turns actions of logical flows into OpenFlow actions: the action language of OVN (ovn-sb(5), column actions of
// table Logical_Flow).
//
// An Env says what names mean, for one dialect; it is made once. A List is the actions of one logical flow:
//
//	var list action.List
//	err := list.Parse(`ip.ttl--; outport = "lrp0"; next;`, env, action.Place{Table: 10, Ingress: 29, Egress: 29})
//	list.Prereqs()                        // what the match must imply: And it to the match before Annotate
//	actions, err := list.Encode(&options) // for one datapath, as often as there are datapaths
//
// String prints it as OVN does. Parse uses the memory of the list again, and what was parsed may be encoded many times.
//
// Nothing here is safe for concurrent use but Env, which does not change once it is made. Errors of text have OVN's words and are
// *lex.Error, which Is lex.ErrSyntax; errors of encoding are in errors.go. What OVN prints and encodes is the reference; where
// versions differ, package dialect says so.
package action
