package ovsdb

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"
)

const (
	defaultPort = "6640" // ovsdb(7), "Connection Methods"
	dialTimeout = 10 * time.Second
)

// endpoint is one way to reach a server.
type endpoint struct {
	text             string // as written in the Config
	network, address string // for net.Dial
}

// parseEndpoints reads a comma-separated list of active connection methods, ovsdb(7).
func parseEndpoints(list string) ([]endpoint, error) {
	var endpoints []endpoint
	for text := range strings.SplitSeq(list, ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		e, err := parseEndpoint(text)
		if err != nil {
			return nil, err
		}
		endpoints = append(endpoints, e)
	}
	if len(endpoints) == 0 {
		return nil, fmt.Errorf("%w: no endpoint", ErrConfig)
	}
	return endpoints, nil
}

func parseEndpoint(text string) (endpoint, error) {
	method, rest, _ := strings.Cut(text, ":")
	switch {
	case rest == "":
	case method == "unix":
		return endpoint{text, "unix", rest}, nil
	case method == "tcp":
		if host, port, err := net.SplitHostPort(rest); err == nil {
			return endpoint{text, "tcp", net.JoinHostPort(host, port)}, nil
		}
		return endpoint{text, "tcp", net.JoinHostPort(strings.Trim(rest, "[]"), defaultPort)}, nil
	}
	return endpoint{}, fmt.Errorf("%w: endpoint %q is none of unix:PATH, tcp:HOST[:PORT]", ErrConfig, text)
}

func (e endpoint) dial(ctx context.Context) (net.Conn, error) {
	dialer := net.Dialer{Timeout: dialTimeout}
	return dialer.DialContext(ctx, e.network, e.address)
}
