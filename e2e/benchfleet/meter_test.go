package main

import (
	"io"
	"net"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

// What the server sends is counted, what it is sent is not, and closing ends what is open.
func TestMeter(t *testing.T) {
	defer goleak.VerifyNone(t)
	dir := t.TempDir()
	server, err := net.Listen("unix", filepath.Join(dir, "server"))
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() { // answers three bytes with five
		for {
			conn, err := server.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for request := make([]byte, 3); ; {
					if _, err := io.ReadFull(conn, request); err != nil {
						return
					}
					_, _ = conn.Write([]byte("reply"))
				}
			}()
		}
	}()
	m, err := newMeter(filepath.Join(dir, "meter"))
	if err != nil {
		t.Fatal(err)
	}
	m.lead("unix:" + server.Addr().String())
	var clients []net.Conn
	for range 2 {
		client, err := net.Dial("unix", filepath.Join(dir, "meter"))
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		clients = append(clients, client)
		if _, err := client.Write([]byte("ask")); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(client, make([]byte, 5)); err != nil {
			t.Fatal(err)
		}
	}
	if bytes, open := m.bytes.Load(), m.open.Load(); bytes != 10 || open != 2 {
		t.Errorf("%d bytes on %d connections, want 10 on 2", bytes, open)
	}
	m.close()
	for _, client := range clients {
		if _, err := client.Read(make([]byte, 1)); err == nil {
			t.Error("a connection is still open")
		}
	}
	if open := m.open.Load(); open != 0 {
		t.Errorf("%d connections are still counted", open)
	}
}
