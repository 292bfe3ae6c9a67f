package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/flowhost/flowhost/internal/ovstest"
)

// controlFlows is how many flows ovn-controller has at least.
const controlFlows = 30_000

// restartController pings between two workloads on a switch of ovn-controller's while that is killed and comes back, with flows by
// the ten thousands, and tells what came of it.
func restartController(t *testing.T) pinged {
	s := newSwitch(t, ovstest.Options{OVN: true})
	s.Nbctl(t, commands([]string{"ls-add ls0", "lsp-add ls0 vif1", "lsp-set-addresses vif1 " + macOf(1), "lsp-add ls0 vif2", "lsp-set-addresses vif2 " + macOf(2)})...)
	for list := range controlFlows / 1000 {
		addACL(t, s, list)
	}
	a, b := newWorkload(t, s, 1, macOf), newWorkload(t, s, 2, macOf)
	s.StartController(t)
	awaitController(t, s)

	ping := startPing(t, a, b)
	s.Kill(t, ovstest.Controller)
	s.StartController(t)
	awaitController(t, s)
	return ping.end(t)
}

// addACL makes an ACL of a thousand flows that no packet meets.
func addACL(t *testing.T, s *ovstest.Sandbox, n int) {
	var addresses []string
	for i := range 1000 {
		addresses = append(addresses, fmt.Sprintf("10.%d.%d.%d", 100+n, i>>8, i&255))
	}
	s.Nbctl(t, "create", "Address_Set", fmt.Sprintf("name=as%d", n), "addresses="+strings.Join(addresses, ","), "--",
		"acl-add", "ls0", "from-lport", "1000", fmt.Sprintf("ip4.src == $as%d && tcp.dst == %d", n, 1+n), "drop")
}

// awaitController waits until the ovn-controller that runs now has all its flows in the switch.
func awaitController(t *testing.T, s *ovstest.Sandbox) {
	ovstest.Eventually(t, 2*settle, func() error {
		if _, err := s.Run("ovn-nbctl", "--wait=hv", "--timeout=10", "sync"); err != nil {
			return err
		}
		if flows := s.Ofctl(t, "dump-aggregate", ovstest.Bridge); !enough(flows) {
			return fmt.Errorf("not %d flows yet: %s", controlFlows, flows)
		}
		return nil
	})
}

// enough reads what ovs-ofctl dump-aggregate prints.
func enough(aggregate string) bool {
	var flows int
	_, after, _ := strings.Cut(aggregate, "flow_count=")
	n, _ := fmt.Sscan(after, &flows)
	return n == 1 && flows > controlFlows
}
