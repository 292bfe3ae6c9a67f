package table

import (
	"compress/gzip"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/internal/ovstest"
)

var record = flag.Bool("record", false, "write testdata/ovn.dump.gz from an ovn-controller started for it")

// dumpFile holds what ovs-vswitchd answers to a dump of all flows when ovn-controller has filled its tables: the messages
// as they are on the wire, OpenFlow 1.5, one after the other, compressed.
const dumpFile = "testdata/ovn.dump.gz"

// Size of the network that is recorded: one router, switches with ports that are here, ACLs over port groups and address
// sets, load balancers.
const (
	recordSwitches = 10
	recordPorts    = 30 // of each switch
	recordACLs     = 20 // of each switch
	recordBalancer = 10
)

// TestRecord writes dumpFile: go test -run '^TestRecord$' -record
func TestRecord(t *testing.T) {
	if !*record {
		t.Skip("only with -record")
	}
	s := ovstest.Start(t, ovstest.Options{OVN: true})
	s.Nbctl(t, recordNorthbound()...)
	var ports []string
	for sw := range recordSwitches {
		for p := range recordPorts {
			name := fmt.Sprintf("p%d-%d", sw, p)
			ports = append(ports, "--", "add-port", ovstest.Bridge, name, "--", "set", "interface", name, "external_ids:iface-id="+name)
		}
	}
	s.Vsctl(t, ports[1:]...)
	s.StartController(t)
	s.Nbctl(t, "--wait=hv", "--timeout=300", "sync")
	conn, err := net.Dial("unix", strings.TrimPrefix(s.Mgmt(ovstest.Bridge), "unix:"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	n := recordDump(t, conn)
	t.Logf("%d flows; ovn-controller says of its memory: %s", n, s.Appctl(t, ovstest.Controller, "memory/show"))
}

// recordNorthbound is the network as arguments of ovn-nbctl.
func recordNorthbound() []string {
	var args []string
	add := func(format string, a ...any) {
		args = append(append(args, "--"), strings.Fields(fmt.Sprintf(format, a...))...)
	}
	add("lr-add r")
	for k := range recordACLs / 4 {
		var set []string
		for i := range 20 {
			set = append(set, fmt.Sprintf(`"10.%d.0.%d"`, 200+k, i+1))
		}
		add("create Address_Set name=set%d addresses=%s", k, strings.Join(set, ","))
	}
	for sw := range recordSwitches {
		add("ls-add s%d", sw)
		add("lrp-add r r-s%d 0a:00:00:00:ff:%02x 10.0.%d.254/24 fd00:%x::fffe/64", sw, sw, sw, sw+1)
		add("lsp-add s%d s%d-r -- lsp-set-type s%d-r router -- lsp-set-addresses s%d-r router -- lsp-set-options s%d-r router-port=r-s%d", sw, sw, sw, sw, sw, sw)
		var members []string
		for p := range recordPorts {
			name := fmt.Sprintf("p%d-%d", sw, p)
			members = append(members, name)
			address := fmt.Sprintf("0a:00:00:00:%02x:%02x 10.0.%d.%d fd00:%x::%x", sw, p, sw, p+1, sw+1, p+1)
			add("lsp-add s%d %s", sw, name)
			args = append(args, "--", "lsp-set-addresses", name, address, "--", "lsp-set-port-security", name, address)
		}
		add("pg-add g%d %s", sw, strings.Join(members, " "))
		for k := range recordACLs {
			direction, side := "from-lport", "inport"
			if k%2 == 1 {
				direction, side = "to-lport", "outport"
			}
			match := []string{
				"ip4.src == $set%d && tcp.dst == {%d, 443, 8080}", "ip4.dst == $set%d && udp.dst == %d", "ip4.src == $set%d && tcp.dst >= %d && tcp.dst <= 2000",
				"ip4.src == $set%d && icmp4.type == %d",
			}[k%4]
			action := []string{"allow-related", "drop", "allow-related", "reject", "allow-related"}[k/4%5]
			args = append(args, "--", "--type=port-group", "acl-add", fmt.Sprintf("g%d", sw), direction, fmt.Sprint(1000+k),
				fmt.Sprintf("%s == @g%d && "+match, side, sw, k%(recordACLs/4), 80+k), action)
		}
	}
	for l := range recordBalancer {
		add("lb-add lb%d 172.16.0.%d:80 10.0.0.1:8080,10.0.0.2:8080,10.0.1.3:8080", l, l+1)
		for sw := range recordSwitches {
			add("ls-lb-add s%d lb%d", sw, l)
		}
	}
	return args[1:]
}

// recordDump asks for all flows and writes the answer into dumpFile.
func recordDump(t *testing.T, conn net.Conn) (flows int) {
	t.Helper()
	file, err := os.Create(dumpFile)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	zip, err := gzip.NewWriterLevel(file, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	request := openflow.AppendFlowDescRequest(openflow.AppendHello(nil, 1), 2, openflow.AllTables)
	if _, err := conn.Write(request); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	for more := true; more; {
		msg := readMessage(t, conn)
		if openflow.Type(msg[1]) != openflow.TypeMultipartReply {
			continue
		}
		for _, err := range openflow.FlowDescs(msg) {
			if err != nil {
				t.Fatal(err)
			}
			flows++
		}
		if _, err := zip.Write(msg); err != nil {
			t.Fatal(err)
		}
		more = binary.BigEndian.Uint16(msg[10:])&1 != 0 // OFPMPF_REPLY_MORE
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return flows
}

func readMessage(t testing.TB, r io.Reader) []byte {
	t.Helper()
	msg := make([]byte, 8, 65536)
	if _, err := io.ReadFull(r, msg); err != nil {
		t.Fatal(err)
	}
	msg = msg[:binary.BigEndian.Uint16(msg[2:])]
	if _, err := io.ReadFull(r, msg[8:]); err != nil {
		t.Fatal(err)
	}
	return msg
}
