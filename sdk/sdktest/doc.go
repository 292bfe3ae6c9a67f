// Package sdktest is for the tests of flow sources.
//
// Start runs a source's run function in the process of the test, against a host in memory: the real table, the real session
// and the same errors as in the daemon, with a switch in memory behind them. What the source wants is then in Host.Flows, in
// the syntax of ovs-ofctl, to be compared with a golden file:
//
//	func TestRun(t *testing.T) {
//		h := sdktest.Start(t, sdktest.Options{}, run)
//		h.WaitSynced()
//		h.Golden("testdata/flows.txt")
//	}
//
// Conformance runs any plugin binary, in any language, as the daemon would, and checks what a host relies on.
//
// No Open vSwitch, root or configuration is needed. The tests' goroutines and processes end with the test.
package sdktest
