// Package zones is the duty to give conntrack zones to who needs one here: logical ports by their names, and local datapaths twice, by
// their UUIDs with "_dnat" and "_snat" behind them. Key ct-zone-NAME of the integration bridge's external_ids says which (ovn-controller.c,
// update_ct_zones, restore_ct_zones and commit_ct_zones).
//
// What is there already is kept, whoever has written it, so that connections outlive a restart. Other zones may have connections of
// anybody: flows use a zone once its key is there, and the key is written once the switch has confirmed that it has forgotten them.
// So for each name the way is: a zone is assigned, flushed, written. When the last name has left a zone, it is flushed as well.
//
// A port that is plugged in goes this way while ovs-vswitchd makes its interface, before that has a number. ovn-controller begins when
// there is one. In the end the same ports have zones: one whose interface cannot be opened loses its zone again.
package zones
