package swtest_test

import (
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/flowhost/flowhost/core/openflow"
	"github.com/flowhost/flowhost/core/swconn"
	"github.com/flowhost/flowhost/core/swconn/swtest"
	"github.com/flowhost/flowhost/internal/ovstest"
	"github.com/flowhost/flowhost/sdk/flow"
)

// A world is what is around a switch.
type world interface {
	// addPort and removePort change the ports of the bridge.
	addPort(t *testing.T, name string, number uint32)
	removePort(t *testing.T, name string, number uint32)

	// receive lets arpRequest come in on the local port, for pausingFlow to send it to controller 7.
	receive(t *testing.T)
}

// arpRequest is an Ethernet frame.
const arpRequest = "\x50\x54\x00\x00\x00\x07\x50\x54\x00\x00\x00\x05\x08\x06" +
	"\x00\x01\x08\x00\x06\x04\x00\x01\x50\x54\x00\x00\x00\x05\xc0\xa8\x00\x01" +
	"\x00\x00\x00\x00\x00\x00\xc0\xa8\x00\x02"

// pausingFlow sends a packet to controller 7 with userdata 1.2.3, and goes on in table 5 when that says so:
// controller(id=7,userdata=01.02.03,pause),resubmit(,5).
const pausingFlow = flow.Actions("\x00\x04\x00\x40\x00\x00\x00\x00" +
	"\xff\xff\x00\x28\x00\x00\x23\x20\x00\x25\x00\x00\x00\x00\x00\x00" + // NXAST_CONTROLLER2
	"\x00\x01\x00\x06\x00\x07\x00\x00" + // id
	"\x00\x03\x00\x07\x01\x02\x03\x00" + // userdata
	"\x00\x04\x00\x04\x00\x00\x00\x00" + // pause
	"\xff\xff\x00\x10\x00\x00\x23\x20\x00\x0e\xff\xf8\x05\x00\x00\x00")

type inMemory struct{ sw *swtest.Switch }

func (m inMemory) addPort(_ *testing.T, name string, number uint32) {
	m.sw.SetPort(openflow.PortDesc{Number: number, Name: name})
}

func (m inMemory) removePort(_ *testing.T, _ string, number uint32) { m.sw.RemovePort(number) }

func (m inMemory) receive(*testing.T) {
	m.sw.PacketIn(7, &openflow.PacketIn{
		Packet: []byte(arpRequest), Cookie: 0xabc, Reason: 1, Metadata: []byte("\x80\x00\x00\x04\xff\xff\xff\xfe"),
		Userdata: []byte{1, 2, 3}, Continuation: []byte("continuation"),
	})
}

type inSandbox struct{ *ovstest.Sandbox }

func (s inSandbox) addPort(t *testing.T, name string, number uint32) {
	s.Vsctl(t, "add-port", ovstest.Bridge, name, "--", "set", "Interface", name, "type=dummy", fmt.Sprintf("ofport_request=%d", number))
}

func (s inSandbox) removePort(t *testing.T, name string, _ uint32) {
	s.Vsctl(t, "del-port", ovstest.Bridge, name)
}

func (s inSandbox) receive(t *testing.T) {
	s.Appctl(t, ovstest.Vswitchd, "netdev-dummy/receive", ovstest.Bridge, hex.EncodeToString([]byte(arpRequest)))
}

// message returns the next message of the switch.
func (c *controller) message() swconn.Message {
	c.t.Helper()
	m, ok := c.event().(swconn.Message)
	if !ok {
		c.t.Fatal("the session is lost")
	}
	return m
}

// portStatus: a port that comes is told as added, one that goes as deleted, and in between what else happens to it.
func portStatus(t *testing.T, c *controller) {
	c.expect(openflow.AppendSetAsync(nil, 1, openflow.Async{PortStatus: openflow.AsyncAllPortStatus}))
	c.world.addPort(t, "vm1", 10)
	c.world.removePort(t, "vm1", 10)
	var reasons []openflow.PortReason
	for len(reasons) == 0 || reasons[len(reasons)-1] != openflow.PortDeleted {
		s, err := openflow.ParsePortStatus(c.message().Data)
		if err != nil || s.Port.Name != "vm1" || s.Port.Number != 10 {
			t.Fatalf("%+v, %v", s, err)
		}
		reasons = append(reasons, s.Reason)
	}
	if reasons[0] != openflow.PortAdded {
		t.Errorf("told %v", reasons)
	}
}

// packetIn: a packet comes to the controller with this id, with what the flow says of it, and goes on when told to.
func packetIn(t *testing.T, c *controller) {
	f := flowOf(0, "", pausingFlow, 0xabc)
	b := openflow.AppendFlowAdd(nil, 1, &f)
	b = openflow.AppendSetPacketInFormat(b, 2)
	b = openflow.AppendSetControllerID(b, 3, 7)
	c.expect(openflow.AppendSetAsync(b, 4, openflow.Async{PacketIn: openflow.AsyncAllPacketIns}))
	other := c.another()
	other.expect(openflow.AppendSetAsync(openflow.AppendSetPacketInFormat(nil, 1), 2, openflow.Async{PacketIn: openflow.AsyncAllPacketIns}))

	c.world.receive(t)
	m := c.message()
	p, err := openflow.ParsePacketIn(m.Data)
	if err != nil || m.Type != openflow.TypeExperimenter {
		t.Fatalf("%v: %v", m.Type, err)
	}
	if string(p.Packet) != arpRequest || p.Cookie != 0xabc || p.Table != 0 || p.Reason != 1 || string(p.Userdata) != "\x01\x02\x03" {
		t.Errorf("%+v", p)
	}
	if string(p.Metadata) != "\x80\x00\x00\x04\xff\xff\xff\xfe" || len(p.Continuation) == 0 {
		t.Errorf("metadata %x, continuation %x", p.Metadata, p.Continuation)
	}
	c.expect(openflow.AppendResume(nil, 5, &p))

	other.expect(nil) // it has another id
}
