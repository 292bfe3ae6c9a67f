package cleanup

import "testing"

// Another chassis of the same Open vSwitch, on a bridge of its own, keeps what is its.
func TestAnotherChassis(t *testing.T) {
	_, local := node(t)
	local.Vsctl(t, "set", "Open_vSwitch", ".", "other_config:ovn-chassis-idx-other=4",
		"--", "add-br", "br-two",
		"--", "add-port", "br-two", "ovn4-hv2-0", "--", "set", "Port", "ovn4-hv2-0", "external_ids:ovn-chassis-id=hv2@192.0.2.2",
		"--", "add-port", "br-two", "ovn3-hv2-0", "--", "set", "Port", "ovn3-hv2-0", "external_ids:ovn-chassis-id=hv2@192.0.2.3",
		"--", "add-port", "br-two", "patch-br-two-to-net", "--", "set", "Port", "patch-br-two-to-net", "external_ids:ovn-localnet-port=net",
		"--", "add-port", "br-ex", "patch-net-to-br-two", "--", "set", "Port", "patch-net-to-br-two", "external_ids:ovn-localnet-port=net")
	run(t, local)
	if got, want := local.Vsctl(t, "list-ports", "br-two"), "ovn4-hv2-0\npatch-br-two-to-net\n"; got != want {
		t.Errorf("ports of br-two: %q, want %q", got, want)
	}
	if got, want := local.Vsctl(t, "list-ports", "br-ex"), "eth1\neth2\npatch-net-to-br-two\n"; got != want {
		t.Errorf("ports of br-ex: %q, want %q", got, want)
	}
	if got, want := local.Vsctl(t, "get", "Open_vSwitch", ".", "other_config"), "{ovn-chassis-idx-other=\"4\", vlan-limit=\"0\"}\n"; got != want {
		t.Errorf("other_config: %s, want %s", got, want)
	}
}
