// Package ovstest runs real Open vSwitch and OVN daemons, privately: for tests, end-to-end runs and the demo.
//
// A [Sandbox] is one folder with its own sockets, pidfiles, databases and logs. Nothing of the system's own Open vSwitch
// is touched: with [Dummy], the default datapath, ovs-vswitchd needs neither the kernel module nor root nor a network
// device.
//
// Life cycle in a test: [Need] what must be installed, [Start] a sandbox, talk to it with its endpoints and tools, break
// it with [Sandbox.Kill], [Sandbox.Pause] and the like; the test's cleanup stops it, and prints the end of every log when the
// test failed. Its daemons die with the test process, however that ends. Outside a test, [StartIn] starts (or mends) a
// sandbox that outlives its process until [StopDir].
//
//	sandbox := ovstest.Start(t, ovstest.Options{OVN: true})
//	sandbox.Nbctl(t, "--wait=sb", "ls-add", "ls0")
//	sandbox.Kill(t, ovstest.Vswitchd)
//	sandbox.Start(t, ovstest.Vswitchd)
//
// A [Gate] before a database server holds back what it says.
//
// Below the folder: run/ (sockets, pidfiles), db/ (databases), log/. The names in run/ are those that the tools look for,
// so that with [Sandbox.Env] plain ovs-vsctl, ovs-ofctl, ovs-appctl, ovn-nbctl, ovn-sbctl and ovn-appctl reach the sandbox.
package ovstest
