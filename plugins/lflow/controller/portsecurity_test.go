package controller

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/plugins/lflow/portsecurity"
)

// TestPortSecurity has ovn-controller and package portsecurity make flows of the same columns.
func TestPortSecurity(t *testing.T) {
	const mac = "00:00:00:00:00:01"
	s, d := start(t), dialect.OVN2303()
	theirs := newSide(t, s, d.Actions.Tables.InPortSec, d.Actions.Tables.InPortSecND, d.Actions.Tables.OutPortSec)
	id, port := uuid.MustParse(get(t, s, "Port_Binding", "a", "_uuid")), number(t, s, "Port_Binding", "a", "tunnel_key")
	for _, entries := range [][]string{
		{mac},
		{mac + " 10.0.0.5"},
		{mac + " 10.0.0.5/24 10.1.0.0/16 10.2.0.0/255.255.0.0 10.0.0.4/31 10.0.0.7/31"},
		{mac + " 0.0.0.0/0 ::/0"},
		{mac + " fd00::5"},
		{mac + " fd00::5/64 fd01::/64 fd02::/ffff:: fe80::1 ::ffff:10.0.0.1"},
		{mac + " fe80::200:ff:fe00:1"},
		{mac + " 10.0.0.5 fd00::5", "00:00:00:00:00:02", "0:0:0:0:0:a 10.0.0.5 10.0.0.6"},
		{mac + " 10.0.0.5", mac},
		{" " + mac + "\t10.0.0.5 "},
		{"xx", mac + " 10.0.0.5 bad 10.0.0.6"},
		{mac + ",10.0.0.5"},
		{mac + " 10.0.0.5,10.0.0.6"},
		{mac + " 10.0.0.5/24,10.0.0.6", "00:00:00:00:00:02 10.0.0.5/16/3 10.0.0.6", "00:00:00:00:00:03 fe80::3%eth0"},
		{mac + " fd00::5/129"},
		{mac + " 10.0.0.5/33", "00:00:00:00:00:02 10.0.0.5/"},
		{"xx"},
		nil,
	} {
		ours, _ := portsecurity.Flows(d, theirs.key, port, entries)
		// A clean start each time: ovn-controller takes flows for different that are the same to the switch, nd_tll=0 of two Ethernet
		// addresses, so that removing one of the addresses removes the other's flow, too, and nothing puts it back.
		s.Sbctl(t, "clear", "Port_Binding", "a", "port_security")
		theirs.wait()
		s.Sbctl(t, "set", "Port_Binding", "a", "port_security="+set(entries))
		theirs.wait()
		theirs.same(fmt.Sprintf("port security %q", entries), id, ours)
	}
}

// set writes a set of strings as OVSDB's tools read it.
func set(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = quote(v)
	}
	return "[" + strings.Join(quoted, ",") + "]"
}
