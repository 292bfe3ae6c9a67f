package main

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk/flow"
)

// shapes are flows as OVN makes them for each logical port, with what differs from port to port in braces: the datapath, the
// port in it, its addresses (addr is the ip as a number), its number in the switch. Together they have about 50 bytes of match a
// flow, and 50 of actions.
var shapes = [...]string{
	"table=8,priority=50,reg14={port},metadata={dp},dl_src={mac},actions=resubmit(,9)",
	"table=9,priority=90,udp6,reg14={port},metadata={dp},dl_src={mac},ipv6_src=fd00::{port}:{dp},tp_dst=547," +
		"actions=load:0x1->NXM_NX_REG10[12],resubmit(,75)",
	"table=16,priority=2002,ct_state=+new-est+trk,ct_label=0/0x1,tcp,reg0=0x100/0x100,reg15={port},metadata={dp},nw_src={ip},tp_dst=443," +
		"actions=load:0x1->NXM_NX_XXREG0[97],resubmit(,17)",
	"table=16,priority=2001,ct_state=-rpl+trk,ct_mark=0/0x1,udp6,reg15={port},metadata={dp},ipv6_src=fd00::{port}:{dp},ipv6_dst=fd01::/64," +
		"tp_dst=0x3000/0xff00,actions=load:0x1->NXM_NX_XXREG0[106],resubmit(,17)",
	"table=27,priority=50,arp,metadata={dp},arp_tpa={ip},arp_op=1,actions=move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[]," +
		"mod_dl_src:{mac},load:0x2->NXM_OF_ARP_OP[],move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[],set_field:{mac}->arp_sha," +
		"move:NXM_OF_ARP_SPA[]->NXM_OF_ARP_TPA[],load:{addr}->NXM_OF_ARP_SPA[],move:NXM_NX_REG14[]->NXM_NX_REG15[]," +
		"load:0x1->NXM_NX_REG10[0],resubmit(,37)",
	"table=33,priority=50,metadata={dp},dl_dst={mac},actions=load:{port}->NXM_NX_REG15[],resubmit(,37)",
	"table=39,priority=100,reg15={port},metadata={dp},actions=load:{port}->NXM_NX_REG13[],load:{dp}->NXM_NX_REG11[]," +
		"load:{dp}->NXM_NX_REG12[],resubmit(,40)",
	"table=40,priority=100,reg10=0/0x1,reg14={port},reg15={port},metadata={dp},actions=drop",
	"table=47,priority=90,ipv6,reg15={port},metadata={dp},dl_dst={mac},ipv6_dst=fd00::{port}:{dp},actions=resubmit(,48)",
	"table=48,priority=50,reg15={port},metadata={dp},dl_dst={mac},actions=resubmit(,64)",
	"table=65,priority=100,reg10=0/0x2000,reg13=0/0xffff0000,reg15={port},metadata={dp},actions=output:{ofport}",
	"table=66,priority=100,reg0={addr},reg15={port},metadata={dp},actions=set_field:{mac}->eth_dst",
}

// portsPerDatapath is how many ports a logical switch has.
const portsPerDatapath = 32

// numbered is a flow of its own for each n.
func numbered(n int) flow.Flow {
	port := n / len(shapes)
	return parsed(strings.NewReplacer(
		"{dp}", strconv.Itoa(1+port/portsPerDatapath),
		"{port}", strconv.Itoa(1+port%portsPerDatapath),
		"{mac}", fmt.Sprintf("0a:00:%02x:%02x:%02x:%02x", port>>24, port>>16&255, port>>8&255, port&255),
		"{ip}", fmt.Sprintf("10.%d.%d.%d", port>>16&255, port>>8&255, port&255),
		"{addr}", strconv.Itoa(10<<24|port),
		"{ofport}", strconv.Itoa(1+port%60_000),
	).Replace(shapes[n%len(shapes)]))
}

// revised is flow n with actions of its own for each version: still the same flow to the switch, which is to be modified.
func revised(n, version int) flow.Flow {
	f := numbered(n)
	actions, err := flow.NewActions(flow.SetField(flow.Reg[5], uint64(version)), flow.Resubmit(f.Table+1))
	if err != nil {
		panic(err)
	}
	f.Actions = actions
	return f
}

// refused is flow n with an output to 0xfffffff0, which is no port (OpenFlow 1.5 §7.2.1.1): the switch says no when the flow is
// put into a bundle.
func refused(n int) flow.Flow {
	f := numbered(n)
	f.Actions = "\x00\x04\x00\x18\x00\x00\x00\x00" + "\x00\x00\x00\x10\xff\xff\xff\xf0\x00\x00\x00\x00\x00\x00\x00\x00"
	return f
}

// limited is flow n in a table that may have a limit.
func limited(n int) flow.Flow {
	f := numbered(n)
	f.Table = limitedTable
	return f
}

// limitedTable is one that no shape uses.
const limitedTable flow.TableID = 100

// single is a flow in the table of the source "other".
func single(version int) flow.Flow {
	return parsed(fmt.Sprintf("table=200,priority=100,metadata=%d,actions=load:%d->NXM_NX_REG5[],resubmit(,201)", 1+version%64, version))
}

func parsed(text string) flow.Flow {
	f, err := flow.ParseFlow(text)
	if err != nil {
		panic(fmt.Sprintf("%s: %v", text, err))
	}
	return f
}

// flowsPerUUID is how many flows are made from one UUID: as many as on a real node, where 37,856 flows were made from 3,893 logical
// flows.
const flowsPerUUID = 10

// siblings are the first of the flows that are made from the same UUID as flow n, and the step to each next one: all of one shape, for
// neighbouring ports.
func siblings(n int) (first, step int) {
	step = len(shapes)
	return n/step/flowsPerUUID*flowsPerUUID*step + n%step, step
}

// id is the UUID that flow n is made from.
func id(n int) (u uuid.UUID) {
	first, _ := siblings(n)
	binary.BigEndian.PutUint64(u[:], uint64(first)*0x9e3779b97f4a7c15) // spread, as random ones are
	binary.BigEndian.PutUint64(u[8:], uint64(first))
	return u
}
