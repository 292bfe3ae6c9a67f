package ovsdb

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

const (
	defaultPort = "6640" // ovsdb(7), "Connection Methods"
	dialTimeout = 10 * time.Second
)

// errEndpointGone ends a session when SetEndpoints no longer has its endpoint.
var errEndpointGone = errors.New("endpoint is not wanted any more")

// endpoint is one way to reach a server.
type endpoint struct {
	text             string // as written in the Config
	network, address string // for net.Dial
	secure           bool
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
		return endpoint{text: text, network: "unix", address: rest}, nil
	case method == "tcp", method == "ssl":
		host, port, err := net.SplitHostPort(rest)
		if err != nil {
			host, port = strings.Trim(rest, "[]"), defaultPort
		}
		return endpoint{text: text, network: "tcp", address: net.JoinHostPort(host, port), secure: method == "ssl"}, nil
	}
	return endpoint{}, fmt.Errorf("%w: endpoint %q is none of unix:PATH, tcp:HOST[:PORT], ssl:HOST[:PORT]", ErrConfig, text)
}

func (e endpoint) dial(ctx context.Context, keys TLS) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, e.network, e.address)
	if err != nil || !e.secure {
		return conn, err
	}
	secure, err := keys.connect(ctx, conn)
	if err != nil {
		conn.Close()
	}
	return secure, err
}

// SetEndpoints replaces the Config's. A session with an endpoint that is not among them ends, and the new ones are tried at
// once. Errors: ErrConfig, and nothing has changed.
func (c *Client) SetEndpoints(list string) error {
	endpoints, err := parseEndpoints(list)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endpoints = endpoints
	c.hurry()
	if c.leave != nil && !slices.Contains(endpoints, c.current) {
		c.leave(errEndpointGone)
	}
	return nil
}

// SetTLS replaces the Config's, for the connections from now on.
func (c *Client) SetTLS(keys TLS) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keys != keys {
		c.keys = keys
		c.hurry()
	}
}

// hurry ends the pause before the next attempt.
func (c *Client) hurry() {
	select {
	case c.soon <- struct{}{}:
	default:
	}
}
