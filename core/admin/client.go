package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
)

// ErrNoHost is returned by every call of a Client when nobody serves its socket.
var ErrNoHost = errors.New("no flowhost answers")

// Client asks a running host.
type Client struct {
	socket string
	http   http.Client
}

// NewClient returns a client of the host whose admin socket is at path. It connects at the first call.
func NewClient(path string) *Client {
	c := &Client{socket: path}
	c.http.Transport = &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", path)
		},
	}
	return c
}

// Status asks how the host is.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var s Status
	return s, c.get(ctx, "/v1/status", nil, &s)
}

// FlowQuery limits the answer to Flows. Its zero value asks for all.
type FlowQuery struct {
	Table *uint8
	Owner string
}

// Flows asks for desired and installed flows. An owner that is not configured is an error.
func (c *Client) Flows(ctx context.Context, q FlowQuery) ([]Flow, error) {
	v := make(url.Values)
	if q.Table != nil {
		v.Set("table", strconv.Itoa(int(*q.Table)))
	}
	if q.Owner != "" {
		v.Set("owner", q.Owner)
	}
	var flows []Flow
	return flows, c.get(ctx, "/v1/flows", v, &flows)
}

// Differences asks where the switch does not have what is desired.
func (c *Client) Differences(ctx context.Context) ([]Difference, error) {
	var d []Difference
	return d, c.get(ctx, "/v1/diff", nil, &d)
}

func (c *Client) get(ctx context.Context, path string, query url.Values, into any) error {
	u := url.URL{Scheme: "http", Host: "flowhost", Path: path, RawQuery: query.Encode()}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return c.unreachable(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
		return errors.New(strings.TrimSpace(string(text)))
	}
	return json.NewDecoder(resp.Body).Decode(into)
}

// unreachable tells apart what an operator mends in different ways.
func (c *Client) unreachable(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w at %s: there is no such socket; start it with flowhost run, or name its socket with --socket", ErrNoHost, c.socket)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%w at %s: the socket is left over from one that ended; start it with flowhost run", ErrNoHost, c.socket)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w at %s: permission denied; ask as root", ErrNoHost, c.socket)
	}
	return fmt.Errorf("%w at %s: %v", ErrNoHost, c.socket, err)
}
