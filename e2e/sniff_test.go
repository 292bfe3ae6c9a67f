package e2e

import (
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
)

// sniffer counts the frames from one workload that arrive at another, whatever they are and wherever they were meant to go.
type sniffer struct{ frames atomic.Int64 }

// Where the source address is in an Ethernet frame.
const etherSource, etherSourceEnd = 6, 12

func startSniffer(t testing.TB, at, from *workload) *sniffer {
	t.Helper()
	var socket *os.File
	err := at.Do(func() error {
		const all = syscall.ETH_P_ALL&0xff<<8 | syscall.ETH_P_ALL>>8 // in network byte order (packet(7))
		fd, err := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_RAW|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, all)
		if err == nil {
			socket = os.NewFile(uintptr(fd), "packets")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	s := &sniffer{}
	go func() {
		b := make([]byte, 2048)
		for {
			n, err := socket.Read(b)
			if err != nil {
				return
			}
			if n >= etherSourceEnd && macText(b[etherSource:etherSourceEnd]) == from.mac {
				s.frames.Add(1)
			}
		}
	}()
	return s
}

func macText(b []byte) string {
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5])
}
