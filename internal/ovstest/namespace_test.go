package ovstest

import (
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

func TestNamespace(t *testing.T) {
	here, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	a, b := NewNamespace(t), NewNamespace(t)
	a.IP(t, "link", "add", "left", "type", "veth", "peer", "name", "right", "netns", b.Path())
	a.IP(t, "addr", "add", "10.0.0.1/24", "dev", "left")
	a.IP(t, "link", "set", "left", "up")
	b.IP(t, "addr", "add", "10.0.0.2/24", "dev", "right")
	b.IP(t, "link", "set", "right", "up")

	var from, to net.PacketConn
	listen := func(into *net.PacketConn, address string) func() error {
		return func() (err error) {
			*into, err = net.ListenPacket("udp4", address)
			return err
		}
	}
	if err := a.Do(listen(&from, "10.0.0.1:0")); err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	if err := b.Do(listen(&to, "10.0.0.2:0")); err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	if outside, err := net.ListenPacket("udp4", "10.0.0.1:0"); err == nil {
		t.Error("an address of the namespace can be used outside")
		outside.Close()
	}
	if _, err := from.WriteTo([]byte("hello"), to.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 10)
	to.SetReadDeadline(time.Now().Add(10 * time.Second))
	if n, _, err := to.ReadFrom(got); err != nil || string(got[:n]) != "hello" {
		t.Errorf("from the other namespace: %q, %v", got[:n], err)
	}
	if now, err := os.Readlink("/proc/self/ns/net"); now != here {
		t.Errorf("the process is in %s, and was in %s: %v", now, here, err)
	}
}

func TestSandboxInNamespace(t *testing.T) {
	n := NewNamespace(t)
	s := Start(t, Options{Datapath: Netdev, Namespace: n})
	n.IP(t, "link", "show", Bridge) // its tap
	before := s.Pid(Vswitchd)
	s.Kill(t, Vswitchd)
	s.Start(t, Vswitchd)
	if s.Pid(Vswitchd) == before {
		t.Error("ovs-vswitchd is the same after it was killed")
	}
	if got := s.Ofctl(t, "show", Bridge); !strings.Contains(got, Bridge) {
		t.Errorf("ovs-ofctl show: %s", got)
	}
}
