package main

import "fmt"

// dump shows the flows of neighbor's tables in the order of flowhost's.
const dump = "ovs-ofctl -O OpenFlow15 --no-stats --no-names --rsort dump-flows br-int | grep -E ' table=(66|67|71|72),' | sort -s -t, -k2,2"

const further = `
To look further:
  eval "$(make -s demo-env)"          then plain flowhost, ovs-ofctl, ovs-vsctl, ovn-nbctl and ovn-sbctl talk to the sandbox
  flowhost status                     the host, its switch connection, its plugins
  ovn-sbctl show                      the node as it has registered itself, and the ports it has claimed
  ovs-vsctl get Bridge br-int external_ids
                                      the conntrack zones it has given to them, and to switches and routers
  ovn-sbctl list MAC_Binding          a row's UUID is its flows' UUID
  ovn-nbctl --wait=hv acl-add ls0 to-lport 900 'tcp.dst == 22' drop; flowhost flows --owner lflow | grep tp_dst=22
                                      an ACL and its flow; "flowhost explain" tells what a UUID stands for
  kill -9 $(cat $FLOWHOST_PIDFILE)    the flows stay; make demo-host starts flowhost again, and they keep their age
  make demo-stop                      stop everything
`

// show prints how many flows each source has, and those of neighbor, the fewest, as flowhost and as Open vSwitch tell them.
func (d *demo) show() error {
	owners, err := d.flowhost("owners")
	if err != nil {
		return err
	}
	told, err := d.flowhost("flows", "--owner=neighbor")
	if err != nil {
		return err
	}
	dumped, err := d.sandbox.Run("sh", "-c", dump)
	if err != nil {
		return err
	}
	fmt.Printf("\n$ flowhost owners\n%s\n$ flowhost flows --owner neighbor\n%s\n$ %s\n%s", owners, told, dump, dumped)
	fmt.Print(further)
	return nil
}
