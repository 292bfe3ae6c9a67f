package main

import "fmt"

// dump shows the flows in the order of flowhost's.
const dump = "ovs-ofctl -O OpenFlow15 --no-stats --no-names --rsort dump-flows br-int | sort -s -t, -k2,2"

const further = `
To look further:
  eval "$(make -s demo-env)"          then plain flowhost, ovs-ofctl, ovs-vsctl, ovn-nbctl and ovn-sbctl talk to the sandbox
  flowhost status                     the host, its switch connection, its plugins
  ovn-sbctl list MAC_Binding          a row's UUID is its flows' UUID
  kill -9 $(cat $FLOWHOST_PIDFILE)    the flows stay; make demo-host starts flowhost again, and they keep their age
  make demo-stop                      stop everything
`

// show prints the flows as flowhost and as Open vSwitch tell them.
func (d *demo) show() error {
	told, err := d.flowhost("flows")
	if err != nil {
		return err
	}
	dumped, err := d.sandbox.Run("sh", "-c", dump)
	if err != nil {
		return err
	}
	fmt.Printf("\n$ flowhost flows\n%s\n$ %s\n%s", told, dump, dumped)
	fmt.Print(further)
	return nil
}
