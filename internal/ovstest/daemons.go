package ovstest

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

// Where Debian (and Fedora) keep the schemas, for [StartServer] and for generated models.
const (
	VswitchSchema    = "/usr/share/openvswitch/vswitch.ovsschema"
	NorthboundSchema = "/usr/share/ovn/ovn-nb.ovsschema"
	SouthboundSchema = "/usr/share/ovn/ovn-sb.ovsschema"
)

func newSandbox(dir string, options Options, lasting bool) *Sandbox {
	s := &Sandbox{Dir: dir, Options: options.withDefaults(), lasting: lasting}
	s.addServer(OVSDB, s.OVSDB(), VswitchSchema)
	s.addVswitchd()
	if s.Options.OVN {
		s.addServer(Northbound, s.NB(), NorthboundSchema)
		s.addServer(Southbound, s.SB(), SouthboundSchema)
		s.Add(s.ovn(Northd, "active", "status", "--ovnnb-db="+s.NB(), "--ovnsb-db="+s.SB()))
	}
	if s.SB() != "" {
		s.Add(s.ovn(Controller, "connected", "connection-status", s.OVSDB()))
	}
	return s
}

// addServer adds an ovsdb-server that listens on a unix endpoint and makes its database at the first start.
func (s *Sandbox) addServer(name, endpoint, schema string) {
	args := append(s.logArgs(name), "--remote=p"+endpoint)
	if name != OVSDB { // the default name is made from the program's, and ovs-appctl looks for it
		args = append(args, "--unixctl="+s.run(name+".ctl"))
	}
	socket := strings.TrimPrefix(endpoint, "unix:")
	s.Add(Daemon{
		Name:    name,
		Program: "ovsdb-server",
		Args:    append(args, s.db(name)),
		Prepare: func() error { return s.createDB(name, schema) },
		Ready:   func() error { return dial(socket) },
	})
}

func (s *Sandbox) createDB(name, schema string) error {
	if _, err := os.Stat(s.db(name)); err == nil {
		return nil
	}
	_, err := s.Run("ovsdb-tool", "create", s.db(name), schema)
	return err
}

// addVswitchd adds ovs-vswitchd. It is ready when the bridge can be talked to: its ports are there by then.
func (s *Sandbox) addVswitchd() {
	args := s.logArgs(Vswitchd)
	if s.Options.Datapath == Dummy {
		args = append(args, "--enable-dummy=system")
	}
	s.Add(Daemon{
		Name:    Vswitchd,
		Program: Vswitchd,
		Args:    append(args, s.OVSDB()),
		Prepare: s.makeBridge,
		Ready:   func() error { return dial(s.run(Bridge + ".mgmt")) },
	})
}

// ovn returns a daemon of OVN that is ready when an answer on its control socket holds a word.
func (s *Sandbox) ovn(name, word, question string, args ...string) Daemon {
	return Daemon{
		Name:    name,
		Program: name,
		Args:    append(s.logArgs(name), args...),
		Ready: func() error {
			out, err := s.Control(name, question)
			if err == nil && !strings.Contains(out, word) {
				err = fmt.Errorf("%s %s: %s, want %s", name, question, strings.TrimSpace(out), word)
			}
			return err
		},
	}
}

func (s *Sandbox) logArgs(name string) []string {
	return []string{"-vconsole:off", "--log-file=" + s.Log(name)}
}

// makeBridge fills in the Open_vSwitch row and makes the bridge, at the first start only: what a test changes stays changed. It
// does not wait for ovs-vswitchd, which does not run yet.
func (s *Sandbox) makeBridge() error {
	if _, err := s.Run("ovs-vsctl", "--no-wait", "br-exists", Bridge); err == nil {
		return nil
	}
	o := s.Options
	args := []string{"--no-wait", "init", "--", "set", "Open_vSwitch", ".",
		"external_ids:system-id=" + o.SystemID,
		"external_ids:hostname=" + o.SystemID,
		"external_ids:ovn-encap-type=geneve",
		"external_ids:ovn-encap-ip=" + o.EncapIP,
	}
	if s.SB() != "" {
		args = append(args, "external_ids:ovn-remote="+s.SB())
	}
	datapath := "system" // which --enable-dummy=system replaces
	if o.Datapath == Netdev {
		datapath = "netdev"
		args = append(args, "external_ids:ovn-bridge-datapath-type=netdev")
	}
	args = append(args, "--", "--may-exist", "add-br", Bridge,
		"--", "set", "Bridge", Bridge, "fail_mode=secure", "datapath_type="+datapath)
	_, err := s.Run("ovs-vsctl", args...)
	return err
}

func dial(socket string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		return err
	}
	return conn.Close()
}
