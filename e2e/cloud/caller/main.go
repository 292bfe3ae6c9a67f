// Command caller makes short TCP connections, and serves them: who has answered a connection, and whom it came from, is known of each.
//
//	caller serve 80 web1               answers each connection to port 80 with "web1 PEER", and closes it; PEER is the address it comes from
//	caller call 10.0.0.1:80 20000 100  makes 100 connections, the first from port 20000, the next from 20001 and so on, one each 10 ms, or
//	                                   until standard input ends; prints "NUMBER ANSWER" for each
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"time"
)

const (
	pace = 10 * time.Millisecond // between two connections
	// patience is how long a connection may take. Its first packet is sent again after a second (RFC 6298): one that is lost is noticed.
	patience = 900 * time.Millisecond
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "caller:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 3 && args[0] == "serve" {
		return serve(args[1], args[2])
	}
	if len(args) == 4 && args[0] == "call" {
		first, err := strconv.Atoi(args[2])
		count, err2 := strconv.Atoi(args[3])
		if err := errors.Join(err, err2); err != nil {
			return err
		}
		call(args[1], first, count, ended(os.Stdin))
		return nil
	}
	return errors.New("usage: caller serve PORT NAME | caller call ADDRESS FROM COUNT")
}

func serve(port, name string) error {
	listener, err := net.Listen("tcp4", ":"+port)
	if err != nil {
		return err
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		peer := conn.RemoteAddr().(*net.TCPAddr).IP
		fmt.Fprintf(conn, "%s %s", name, peer) // who does not read it has gone
		conn.Close()
	}
}

// ended is closed when there is nothing more to read.
func ended(r io.Reader) <-chan struct{} {
	end := make(chan struct{})
	go func() {
		defer close(end)
		_, _ = io.Copy(io.Discard, r) // an error is an end, too
	}()
	return end
}

// call makes connections until there were so many, or stop is closed, and waits for their answers.
func call(address string, first, count int, stop <-chan struct{}) {
	var calls sync.WaitGroup
	defer calls.Wait()
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for n := 1; n <= count; n++ {
		calls.Go(func() { fmt.Printf("%d %s\n", n, answer(address, first+n-1)) })
		select {
		case <-tick.C:
		case <-stop:
			return
		}
	}
}

// answer is what a connection from a port is answered with; "" if it is not in time.
func answer(address string, port int) string {
	dialer := net.Dialer{Timeout: patience, LocalAddr: &net.TCPAddr{Port: port}}
	conn, err := dialer.Dial("tcp4", address)
	if err != nil {
		return ""
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	text, err := io.ReadAll(conn)
	if err != nil {
		return ""
	}
	return string(text)
}
