// Command slowlink makes a network device that is another one with a delay: what goes out of it goes out of the other one later, and what
// comes in there comes in here later. It is for kernels without netem (tc-netem(8)), and for users of devices that would read
// before it, as ovs-vswitchd does.
//
//	slowlink eth0 slow0 50ms
package main

import (
	"fmt"
	"net"
	"os"
	"syscall"
	"time"
	"unsafe"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: slowlink DEVICE NEW-DEVICE DELAY")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "slowlink:", err)
		os.Exit(1)
	}
}

func run(device, slow, text string) error {
	delay, err := time.ParseDuration(text)
	if err != nil {
		return err
	}
	link, err := openLink(device)
	if err != nil {
		return fmt.Errorf("%s: %w", device, err)
	}
	tap, err := openTap(slow)
	if err != nil {
		return fmt.Errorf("%s: %w", slow, err)
	}
	failed := make(chan error, 2)
	go func() { failed <- carry(link.read, tap.write, delay) }()
	go func() { failed <- carry(tap.read, link.write, delay) }()
	return <-failed
}

// frame is one that is under way.
type frame struct {
	due  time.Time
	data []byte
}

// underWay is how many frames can be: more are lost, as on a real link.
const underWay = 10_000

// carry takes frames from one end to the other until an end fails.
func carry(read func([]byte) (int, error), write func([]byte) error, delay time.Duration) error {
	frames := make(chan frame, underWay)
	go func() {
		for f := range frames {
			time.Sleep(time.Until(f.due))
			_ = write(f.data) // a device that is down loses frames
		}
	}()
	defer close(frames)
	b := make([]byte, 1<<16)
	for {
		n, err := read(b)
		if err != nil {
			return err
		}
		select {
		case frames <- frame{time.Now().Add(delay), append([]byte(nil), b[:n]...)}:
		default:
		}
	}
}

// link is a device that is there, as packet(7) shows it.
type link int

func openLink(name string) (link, error) {
	device, err := net.InterfaceByName(name)
	if err != nil {
		return 0, err
	}
	const all = syscall.ETH_P_ALL&0xff<<8 | syscall.ETH_P_ALL>>8 // in network byte order
	fd, err := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_RAW, all)
	if err == nil {
		err = syscall.Bind(fd, &syscall.SockaddrLinklayer{Protocol: all, Ifindex: device.Index})
	}
	return link(fd), err
}

// read leaves out what goes out.
func (l link) read(b []byte) (int, error) {
	for {
		n, from, err := syscall.Recvfrom(int(l), b, 0)
		if err == syscall.ENETDOWN || err == syscall.EINTR { // it may come up again
			continue
		}
		if at, ok := from.(*syscall.SockaddrLinklayer); err != nil || ok && at.Pkttype != syscall.PACKET_OUTGOING {
			return n, err
		}
	}
}

func (l link) write(b []byte) error { _, err := syscall.Write(int(l), b); return err }

// tap is a device that is made, and goes with this process.
type tap int

func openTap(name string) (tap, error) {
	fd, err := syscall.Open("/dev/net/tun", syscall.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	var request struct { // struct ifreq, netdevice(7)
		name  [syscall.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}
	copy(request.name[:syscall.IFNAMSIZ-1], name)
	request.flags = syscall.IFF_TAP | syscall.IFF_NO_PI
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.TUNSETIFF, uintptr(unsafe.Pointer(&request))); errno != 0 {
		return 0, errno
	}
	return tap(fd), nil
}

func (t tap) read(b []byte) (int, error) { return syscall.Read(int(t), b) }

func (t tap) write(b []byte) error { _, err := syscall.Write(int(t), b); return err }
