// Package hairpin makes the flows that a load balancer becomes beside ovn-northd's logical flows. They are for packets whose sender is
// the backend that they go to: these leave by the port that they came in by, and their source must become another, or the backend would
// answer itself.
//
// OVN's logical flows ask these tables with chk_lb_hairpin(), chk_lb_hairpin_reply(), whose flows the first's learn, and ct_snat_to_vip.
package hairpin
