package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flowhost/flowhost/internal/ovstest"
)

// The logical network: two switches with three VIFs, joined by a router; all VIFs are on this chassis.
//
//	vif0, vif1 ── ls0 ── lr0 ── ls1 ── vif2
//	        10.0.0.0/24     10.0.1.0/24
const chassis = "hv1"

var vifs = []string{"vif0", "vif1", "vif2"}

// The neighbours whose flows are shown; what they have in common with nothing else in the sandbox is their MAC.
var (
	learned = []struct{ port, ip, mac string }{ // MAC_Binding rows, as ovn-controller would learn them
		{"lr0-ls0", "10.0.0.77", "0e:00:00:00:00:77"},
		{"lr0-ls1", "10.0.1.78", "0e:00:00:00:01:78"},
	}
	static  = struct{ port, ip, mac string }{"lr0-ls1", "10.0.1.50", "0e:00:00:00:01:50"}
	fdbPort = "vif2"
	fdbMAC  = "0e:00:00:00:02:99"
)

// makeNetwork makes what of the logical network is not there yet, waits until ovn-northd has worked it off, and plugs
// the VIFs into the bridge.
func (d *demo) makeNetwork() error {
	if _, err := d.sandbox.Run("ovn-nbctl", append([]string{"--wait=sb"}, commands(networkCommands())...)...); err != nil {
		return err
	}
	var ports []string
	for _, vif := range vifs {
		ports = append(ports, "--may-exist add-port "+ovstest.Bridge+" "+vif,
			"set Interface "+vif+" external_ids:iface-id="+vif)
	}
	if _, err := d.sandbox.Run("ovs-vsctl", commands(ports)...); err != nil {
		return err
	}
	step("network", "ls0 (vif0, vif1) and ls1 (vif2), joined by lr0; VIFs on %s", ovstest.Bridge)
	return nil
}

// awaitUp waits until the node has claimed the VIFs, and says that their flows are in the switch.
func (d *demo) awaitUp() error {
	var waits []string
	for _, vif := range vifs {
		waits = append(waits, "wait-until Logical_Switch_Port "+vif+" up=true")
	}
	if _, err := d.sandbox.Run("ovn-nbctl", append([]string{"--timeout=25"}, commands(waits)...)...); err != nil {
		return fmt.Errorf("the VIFs do not come up; see %s: %w", d.sandbox.Log(hostName), err)
	}
	if _, err := d.sandbox.Run("ovn-nbctl", "--timeout=25", "--wait=hv", "sync"); err != nil {
		return fmt.Errorf("the node does not follow; see %s: %w", d.sandbox.Log(hostName), err)
	}
	step("node", "Chassis %s is registered, and %s are up; there is no ovn-controller", chassis, strings.Join(vifs, ", "))
	return nil
}

func networkCommands() []string {
	list := []string{"--may-exist lr-add lr0"}
	for i, subnet := range []string{"10.0.0", "10.0.1"} {
		ls := fmt.Sprintf("ls%d", i)
		list = append(list,
			"--may-exist ls-add "+ls,
			fmt.Sprintf("--may-exist lrp-add lr0 lr0-%s 0a:ff:00:00:00:%02x %s.254/24", ls, i, subnet),
			fmt.Sprintf("--may-exist lsp-add %s %s-lr0", ls, ls),
			fmt.Sprintf("lsp-set-type %s-lr0 router", ls),
			fmt.Sprintf("lsp-set-addresses %s-lr0 router", ls),
			fmt.Sprintf("lsp-set-options %s-lr0 router-port=lr0-%s", ls, ls))
	}
	return append(list,
		"--may-exist lsp-add ls0 vif0", "lsp-set-addresses vif0 0a:00:00:00:00:01\\ 10.0.0.1",
		"--may-exist lsp-add ls0 vif1", "lsp-set-addresses vif1 0a:00:00:00:00:02\\ 10.0.0.2",
		"--may-exist lsp-add ls1 vif2", "lsp-set-addresses vif2 unknown", // so that MACs are learned behind it
		"--may-exist static-mac-binding-add "+static.port+" "+static.ip+" "+static.mac)
}

// commands makes one command line of several commands: words split at blanks (but not at "\ "), joined by "--".
func commands(list []string) []string {
	var args []string
	for i, command := range list {
		if i > 0 {
			args = append(args, "--")
		}
		for _, word := range strings.Fields(strings.ReplaceAll(command, `\ `, "\x00")) {
			args = append(args, strings.ReplaceAll(word, "\x00", " "))
		}
	}
	return args
}

// addBindings adds the rows that are not there yet and waits until the switch has a flow for each neighbour.
func (d *demo) addBindings(ctx context.Context) error {
	for _, row := range learned {
		datapath, err := d.portColumn(row.port, "datapath")
		if err == nil {
			err = d.create("MAC_Binding", "logical_port="+row.port, "ip="+row.ip, "mac="+quoteMAC(row.mac), "datapath="+datapath)
		}
		if err != nil {
			return err
		}
	}
	if err := d.addFDB(); err != nil {
		return err
	}
	if err := d.awaitFlows(ctx); err != nil {
		return err
	}
	step("rows", "%d MAC_Binding, 1 Static_MAC_Binding, 1 FDB; their flows are in the switch", len(learned))
	return nil
}

func (d *demo) addFDB() error {
	datapath, err := d.portColumn(fdbPort, "datapath")
	if err != nil {
		return err
	}
	dpKey, err := d.sandbox.Run("ovn-sbctl", "get", "Datapath_Binding", datapath, "tunnel_key")
	if err != nil {
		return err
	}
	portKey, err := d.portColumn(fdbPort, "tunnel_key")
	if err != nil {
		return err
	}
	return d.create("FDB", "mac="+quoteMAC(fdbMAC), "dp_key="+strings.TrimSpace(dpKey), "port_key="+portKey)
}

// create creates a southbound row unless there is one with these columns.
func (d *demo) create(table string, columns ...string) error {
	found, err := d.sandbox.Run("ovn-sbctl", append([]string{"--bare", "--columns=_uuid", "find", table}, columns...)...)
	if err != nil || strings.TrimSpace(found) != "" {
		return err
	}
	_, err = d.sandbox.Run("ovn-sbctl", append([]string{"create", table}, columns...)...)
	return err
}

func (d *demo) portColumn(port, column string) (string, error) {
	out, err := d.sandbox.Run("ovn-sbctl", "--bare", "--columns="+column, "find", "Port_Binding", "logical_port="+port)
	if err == nil && strings.TrimSpace(out) == "" {
		err = fmt.Errorf("no Port_Binding %s in the southbound database", port)
	}
	return strings.TrimSpace(out), err
}

// quoteMAC keeps ovn-sbctl from taking a MAC's colons for those of a map.
func quoteMAC(mac string) string { return `"` + mac + `"` }

// awaitFlows waits until the bridge has a flow with each of the MACs.
func (d *demo) awaitFlows(ctx context.Context) error {
	macs := []string{static.mac, fdbMAC}
	for _, row := range learned {
		macs = append(macs, row.mac)
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	return ovstest.Poll(ctx, func() error {
		flows, err := d.sandbox.Run("ovs-ofctl", "-O", "OpenFlow15", "dump-flows", ovstest.Bridge)
		if err != nil {
			return err
		}
		missing := slices.DeleteFunc(slices.Clone(macs), func(mac string) bool { return strings.Contains(flows, mac) })
		if len(missing) > 0 {
			return fmt.Errorf("no flow for %s; see %s", strings.Join(missing, ", "), d.sandbox.Log(hostName))
		}
		return nil
	})
}
