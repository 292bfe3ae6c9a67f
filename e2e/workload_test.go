package e2e

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"syscall"
	"testing"

	"github.com/flowhost/flowhost/internal/ovstest"
)

// workload is what sends and receives packets at a port of a bridge: a network namespace with one device.
type workload struct {
	*ovstest.Namespace
	port string // its name in the bridge, and the number asked for
	n    int
	mac  string
	ip   string
}

// newSwitch starts a sandbox that forwards real packets, in a network namespace of its own.
func newSwitch(t testing.TB, options ovstest.Options) *ovstest.Sandbox {
	options.Datapath, options.Namespace = ovstest.Netdev, ovstest.NewNamespace(t)
	s := ovstest.Start(t, options)
	if err := prefer(s.Pid(ovstest.Vswitchd)); err != nil {
		t.Fatalf("priority of ovs-vswitchd: %v", err)
	}
	return s
}

// prefer gives a process the priority that ovs-ctl starts ovs-vswitchd with: what that does not get around to read from a device is
// lost, and a socket has room for some 280 packets (net.core.rmem_default). Where Linux groups processes by session, it is the
// group's that counts (sched(7), autogroup).
func prefer(pid int) error {
	const nice = -10
	err := os.WriteFile(fmt.Sprintf("/proc/%d/autogroup", pid), []byte(strconv.Itoa(nice)), 0)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, syscall.Setpriority(syscall.PRIO_PROCESS, pid, nice))
}

// macOf is the Ethernet address of a workload.
func macOf(n int) string { return fmt.Sprintf("0a:00:00:00:00:%02d", n) }

// newWorkload makes workload n (1 to 9) of a sandbox and plugs it into port n of its bridge, as vif<n>. The Ethernet addresses of
// others are known to it: they are what to says.
func newWorkload(t testing.TB, s *ovstest.Sandbox, n int, to func(n int) string) *workload {
	w := &workload{
		Namespace: ovstest.NewNamespace(t),
		port:      "vif" + strconv.Itoa(n),
		n:         n,
		mac:       macOf(n),
		ip:        fmt.Sprintf("10.0.0.%d", n),
	}
	w.IP(t, "link", "add", "eth0", "address", w.mac, "type", "veth", "peer", "name", w.port, "netns", s.Options.Namespace.Path())
	w.IP(t, "addr", "add", w.ip+"/24", "dev", "eth0")
	w.IP(t, "link", "set", "eth0", "up")
	for other := 1; other < 10; other++ {
		w.IP(t, "neigh", "add", fmt.Sprintf("10.0.0.%d", other), "lladdr", to(other), "dev", "eth0", "nud", "permanent")
	}
	s.Options.Namespace.IP(t, "link", "set", w.port, "up")
	w.plug(t, s, n)
	return w
}

// plug plugs the workload into a port of the bridge with this number.
func (w *workload) plug(t testing.TB, s *ovstest.Sandbox, number int) {
	t.Helper()
	s.Vsctl(t, "add-port", ovstest.Bridge, w.port, "--", "set", "Interface", w.port,
		"external_ids:iface-id="+w.port, "ofport_request="+strconv.Itoa(number))
}
