package admin

import (
	"bytes"
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
	// Of is what the flows are made from: a UUID, or its first 4 digits or more, or the cookie of a flow, "0x…", whose low half is the
	// first 8. The sources are asked then what the UUIDs are.
	Of string
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
	if q.Of != "" {
		v.Set("of", q.Of)
	}
	var flows []Flow
	return flows, c.get(ctx, "/v1/flows", v, &flows)
}

// Differences asks where the switch does not have what is desired.
func (c *Client) Differences(ctx context.Context) ([]Difference, error) {
	var d []Difference
	return d, c.get(ctx, "/v1/diff", nil, &d)
}

// Plugins asks for all plugins.
func (c *Client) Plugins(ctx context.Context) ([]Plugin, error) {
	var p []Plugin
	return p, c.get(ctx, "/v1/plugins", nil, &p)
}

// Log asks for the lines of a plugin's log that are kept, of those after the line numbered after (0: all).
func (c *Client) Log(ctx context.Context, plugin string, after uint64) (LogLines, error) {
	var l LogLines
	v := url.Values{"after": {strconv.FormatUint(after, 10)}}
	return l, c.get(ctx, "/v1/plugins/"+plugin+"/log", v, &l)
}

// Tell tells a plugin to "restart", "stop" or "start". It does not wait until the plugin has.
func (c *Client) Tell(ctx context.Context, plugin, order string) error {
	return c.do(ctx, http.MethodPost, "/v1/plugins/"+plugin+"/"+order, nil, nil, nil)
}

// Command has a plugin do one of its own commands (Plugin.Commands), and returns what it answers; an error when it has not within
// 10 seconds.
func (c *Client) Command(ctx context.Context, plugin, name string, args ...string) (string, error) {
	var r PluginReply
	err := c.do(ctx, http.MethodPost, "/v1/plugins/"+plugin+"/command", nil, PluginCommand{Name: name, Args: args}, &r)
	return r.Text, err
}

// Owners asks for all owners.
func (c *Client) Owners(ctx context.Context) ([]Owner, error) {
	var o []Owner
	return o, c.get(ctx, "/v1/owners", nil, &o)
}

// Conflicts asks for the flows that have lost to others.
func (c *Client) Conflicts(ctx context.Context) ([]Conflict, error) {
	var l []Conflict
	return l, c.get(ctx, "/v1/conflicts", nil, &l)
}

func (c *Client) get(ctx context.Context, path string, query url.Values, into any) error {
	return c.do(ctx, http.MethodGet, path, query, nil, into)
}

// do sends one request; body is nil if there is nothing to say in it, into if no answer is expected.
func (c *Client) do(ctx context.Context, method, path string, query url.Values, body, into any) error {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(text)
	}
	u := url.URL{Scheme: "http", Host: "flowhost", Path: path, RawQuery: query.Encode()}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), content)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return c.unreachable(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusBadRequest {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
		return errors.New(strings.TrimSpace(string(text)))
	}
	if into == nil {
		return nil
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
