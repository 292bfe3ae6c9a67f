package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/flowhost/flowhost/internal/ovstest"
)

// An echo is a packet of a ping: it goes into the bridge at one port, and must come out at another.
type echo struct {
	from, to       string // VIFs
	srcMAC, dstMAC string
	src, dst       string
	icmp           int // the type: 8, or 0 of an answer
	way            string
}

// The packets of the demo: a ping and its answer within ls0, and one that lr0 sends on, to a neighbour that it has learned.
var echoes = []echo{
	{from: "vif0", to: "vif1", srcMAC: "0a:00:00:00:00:01", dstMAC: "0a:00:00:00:00:02", src: "10.0.0.1", dst: "10.0.0.2", icmp: 8, way: "by ls0"},
	{from: "vif1", to: "vif0", srcMAC: "0a:00:00:00:00:02", dstMAC: "0a:00:00:00:00:01", src: "10.0.0.2", dst: "10.0.0.1", icmp: 0, way: "by ls0"},
	{from: "vif0", to: "vif2", srcMAC: "0a:00:00:00:00:01", dstMAC: "0a:ff:00:00:00:00", src: "10.0.0.1", dst: learned[1].ip, icmp: 8, way: "by ls0, lr0 and ls1"},
}

// ping sends each of the packets until it has come out where it should.
func (d *demo) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	for _, e := range echoes {
		if err := ovstest.Poll(ctx, func() error { return d.send(e) }); err != nil {
			return err
		}
		step("ping", "%s to %s (ICMP type %d) came out of %s, %s", e.src, e.dst, e.icmp, e.to, e.way)
	}
	return nil
}

// send puts a packet into the bridge. Devices of the sandbox exist only inside ovs-vswitchd: this is how something is sent with one.
func (d *demo) send(e echo) error {
	before, err := d.sent(e.to)
	if err != nil {
		return err
	}
	_, err = d.sandbox.Control(ovstest.Vswitchd, "netdev-dummy/receive", e.from, fmt.Sprintf(
		"in_port(1),eth(src=%s,dst=%s),eth_type(0x0800),ipv4(src=%s,dst=%s,proto=1,tos=0,ttl=64,frag=no),icmp(type=%d,code=0)",
		e.srcMAC, e.dstMAC, e.src, e.dst, e.icmp))
	if err != nil {
		return err
	}
	after, err := d.sent(e.to)
	if err == nil && after == before {
		err = fmt.Errorf("a packet from %s to %s did not come out of %s; see %s", e.src, e.dst, e.to, d.sandbox.Log(hostName))
	}
	return err
}

// sent is how many packets the bridge has sent out of a port.
func (d *demo) sent(port string) (count int, err error) {
	out, err := d.sandbox.Run("ovs-ofctl", "-O", "OpenFlow15", "dump-ports", ovstest.Bridge, port)
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(out, "tx pkts=")
	if _, err := fmt.Sscan(strings.SplitN(after, ",", 2)[0], &count); err != nil {
		return 0, fmt.Errorf("no count of packets in %q", out)
	}
	return count, nil
}
