package ovsdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// follower follows the database over one session. Everything in it happens in the goroutine that reads the session; only
// changeConditions may be called by others.
//
//	monitor _Server ──▶ judge the server ──▶ get_schema, fit to it ──▶ monitor_cond_since, else _cond, else monitor ──▶ ready
type follower struct {
	client   *Client
	session  *session
	done     <-chan struct{} // closed when Run is to return
	endpoint endpoint
	server   *replica  // the _Server database's row about ours
	schema   string    // that _Server named when the session began; "" before
	method   string    // how rows are followed; "" before
	since    time.Time // when the rows became complete; zero before
}

// follow connects to an endpoint and follows the database until the session ends. It returns why, and how long it was ready.
func (c *Client) follow(ctx context.Context, e endpoint) (ready time.Duration, err error) {
	f := &follower{client: c, endpoint: e, done: ctx.Done()}
	ctx, leave := context.WithCancelCause(ctx)
	defer leave(nil)
	c.mu.Lock()
	c.current, c.leave = e, leave
	keys := c.keys
	c.mu.Unlock()
	c.setState(State{Phase: Connecting, Endpoint: e.text, Err: c.State().Err})
	conn, err := e.dial(ctx, keys)
	if err == nil {
		c.setState(State{Phase: Loading, Endpoint: e.text, Err: c.State().Err})
		f.session = newSession(conn, c.strings)
		f.session.probe, f.session.patience = c.cfg.Probe, c.cfg.LoadTimeout
		f.session.notify = f.notify
		f.checkServer()
		err = f.session.run(ctx)
	}
	f.lost(err)
	if !f.since.IsZero() {
		ready = time.Since(f.since)
	}
	return ready, err
}

// lost forgets what cannot be gone on with in the next session.
func (f *follower) lost(err error) {
	c := f.client
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ready, c.leave = nil, nil
	if c.asked != nil || errors.Is(err, ErrProtocol) {
		// With a change of conditions on the way, some of its rows may have come, and they would not come again.
		c.asked, c.last = nil, uuid.Nil
	}
}

// The names of the two monitors of a session, their <json-value>s (RFC 7047 §4.1.5).
const (
	monitorServer = "_Server"
	monitorRows   = "rows"
)

// monitorRequest is a <monitor-cond-request>, ovsdb-server(7) 4.1.12. No columns are no columns, not all.
type monitorRequest struct {
	Columns []string `json:"columns"`
	Where   []any    `json:"where,omitempty"`
}

// monitor asks for the rows: for what has changed since the last transaction seen, if that is known and the server can tell.
func (f *follower) monitor(method string) {
	c := f.client
	conditions, resume := c.resume()
	requests := map[string][]monitorRequest{}
	for i, t := range c.rows.tables {
		if t.schema == nil {
			continue
		}
		request := monitorRequest{Columns: t.asked()}
		if method != "monitor" { // which knows no conditions
			request.Where = t.conditions(conditions.where[i])
		}
		requests[t.name] = []monitorRequest{request}
	}
	params := []any{c.cfg.Database, monitorRows, requests}
	if method == "monitor_cond_since" {
		params = append(params, resume)
	}
	var reply *update
	f.session.send(method, params, &call{
		slow:   true,
		result: func(p *parser) { reply = f.readMonitor(method, p) },
		done: func(err error) {
			refused := (*serverError)(nil)
			switch {
			case errors.As(err, &refused) && refused.Name == "unknown method" && older[method] != "":
				f.monitor(older[method])
			case err != nil:
				f.session.fail(err)
			case reply == nil:
				f.session.fail(fmt.Errorf("%w: no result of %s", ErrProtocol, method))
			default:
				f.method = method
				f.loaded(reply, conditions)
			}
		},
	})
}

// older is what to ask for of a server that does not know a method.
var older = map[string]string{"monitor_cond_since": "monitor_cond", "monitor_cond": "monitor"}

// readMonitor reads the result of a monitor request.
func (f *follower) readMonitor(method string, p *parser) *update {
	rows := f.client.rows
	if method != "monitor_cond_since" {
		return rows.readUpdate(p, true, method == "monitor")
	}
	p.enter('[')
	p.item()
	found := p.boolean()
	p.item()
	last := p.uuid()
	p.item()
	u := rows.readUpdate(p, !found, false)
	u.last = last
	p.leave(']')
	return u
}

// loaded takes over the reply to a monitor request.
func (f *follower) loaded(reply *update, conditions conditions) {
	c := f.client
	c.mu.Lock()
	c.acked = conditions
	c.ready = f
	c.mu.Unlock()
	f.since = time.Now()
	c.number++
	f.commit(reply)
	c.log.Info("following", "database", c.cfg.Database, "endpoint", f.endpoint.text, "method", f.method, "reload", reply.whole)
	c.setState(State{Phase: Ready, Endpoint: f.endpoint.text, Session: c.number, Method: f.method, Missing: c.missing})
	f.changeConditions()
}

// notify reads the params of a notification, and returns what is to be done when its message is whole.
func (f *follower) notify(method string, p *parser) (finish func()) {
	if method == "monitor_canceled" { // the database was converted or is gone
		p.skip()
		return func() { f.session.fail(errSchemaChanged) }
	}
	if method != "update" && method != "update2" && method != "update3" {
		p.skip()
		return nil
	}
	p.enter('[')
	p.item()
	monitor := string(p.str())
	var last uuid.UUID
	if method == "update3" {
		p.item()
		last = p.uuid()
	}
	p.item()
	rows := f.client.rows
	if monitor == monitorServer {
		rows = f.server
	}
	u := rows.readUpdate(p, false, method == "update")
	u.last = last
	p.leave(']')
	return func() {
		if monitor == monitorServer {
			f.server.commit(u)
			f.judge()
		} else {
			f.commit(u)
		}
	}
}

// commit makes an update part of the rows and hands it over.
func (f *follower) commit(u *update) {
	c := f.client
	if f.since.IsZero() {
		f.session.fail(fmt.Errorf("%w: rows before they were asked for", ErrProtocol))
		return
	}
	c.last = u.last
	f.hand(&Batch{TxnID: u.last, Reload: u.whole, tables: c.rows.commit(u)})
}

// hand hands a batch over, with the epoch that is reached with it.
func (f *follower) hand(b *Batch) {
	f.client.mu.Lock()
	f.client.made++
	b.Epoch, b.Session, b.Number = f.client.acked.epoch, f.client.number, f.client.made
	f.client.mu.Unlock()
	select {
	case f.client.fresh <- b:
	case <-f.done:
	}
}
