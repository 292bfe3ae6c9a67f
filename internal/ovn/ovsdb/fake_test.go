package ovsdb

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// fake is a server that says what a test wants, for what real ones do not do any more, or never did.
type fake struct {
	t        testing.TB
	listener net.Listener
	// reply gives the "result" or "error" members for a request: `"result":{},"error":null`. Empty: no reply.
	reply func(session int, method string, params []json.RawMessage) string
	heard chan string // what the client sent besides requests with a reply: echo replies and the like
	conns chan net.Conn
}

func startFake(t testing.TB, reply func(session int, method string, params []json.RawMessage) string) *fake {
	listener, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{t: t, listener: listener, reply: reply, heard: make(chan string, 100), conns: make(chan net.Conn, 100)}
	done := make(chan struct{})
	go func() { defer close(done); f.accept() }()
	t.Cleanup(func() { listener.Close(); <-done })
	return f
}

func (f *fake) endpoint() string { return "unix:" + f.listener.Addr().String() }

func (f *fake) accept() {
	for session := 0; ; session++ {
		conn, err := f.listener.Accept()
		if err != nil {
			return
		}
		f.conns <- conn
		go f.serve(session, conn)
	}
}

func (f *fake) serve(session int, conn net.Conn) {
	defer conn.Close()
	for requests := json.NewDecoder(conn); ; {
		var m struct {
			ID, Error, Result json.RawMessage
			Method            string
			Params            []json.RawMessage
		}
		if requests.Decode(&m) != nil {
			return
		}
		if m.Method != "" && m.Params == nil {
			f.t.Errorf("%s without params, which RFC 7047 §4 wants to be a list", m.Method)
		}
		if m.Method == "" {
			f.heard <- fmt.Sprintf("id %s error %s result %s", m.ID, m.Error, m.Result)
		} else if reply := f.reply(session, m.Method, m.Params); reply != "" {
			fmt.Fprintf(conn, `{"id":%s,%s}`, m.ID, reply)
		}
	}
}

// schemaReply is the reply to get_schema: that of the models.
func schemaReply(t testing.TB) string {
	schema, err := json.Marshal(sb.Schema())
	if err != nil {
		t.Fatal(err)
	}
	return `"result":` + string(schema) + `,"error":null`
}

// serverRow is the reply to the monitor of _Server, for our database.
func serverRow(more string) string {
	return fmt.Sprintf(`"result":{"Database":{"%s":{"initial":{"name":"OVN_Southbound","schema":"{}","leader":true%s}}}},"error":null`, someUUID, more)
}

const (
	unknownMethod = `"result":null,"error":"unknown method"`
	noRows        = `"result":[false,"00000000-0000-0000-0000-000000000000",{}],"error":null`
)

func isServer(params []json.RawMessage) bool {
	return len(params) > 0 && string(params[0]) == `"_Server"`
}

// What a server does not know is asked for in an older way.
func TestOlderServers(t *testing.T) {
	row := `{"name":"as1","addresses":["set",["10.0.0.1"]]}`
	changed := `{"name":"as1","addresses":["set",["10.0.0.2","10.0.0.3"]]}`
	for _, test := range []struct {
		method, reply, update, modify, remove string
	}{
		{"monitor_cond", `{"initial":` + row + `}`, "update2", `{"modify":{"addresses":["set",["10.0.0.1","10.0.0.2","10.0.0.3"]]}}`, `{"delete":null}`},
		{"monitor", `{"new":` + row + `}`, "update", `{"old":{"addresses":"10.0.0.1"},"new":` + changed + `}`, `{"old":` + changed + `}`},
	} {
		t.Run(test.method, func(t *testing.T) {
			f := startFake(t, func(_ int, method string, params []json.RawMessage) string {
				switch {
				case isServer(params):
					return `"result":null,"error":{"error":"unknown database"}`
				case method == "get_schema":
					return schemaReply(t)
				case method == "monitor" && bytes.Contains(params[2], []byte("where")):
					return `"result":null,"error":{"error":"syntax error","details":"unexpected member where"}`
				case method == test.method:
					return fmt.Sprintf(`"result":{"Address_Set":{"%s":%s}},"error":null`, someUUID, test.reply)
				case method == "echo", method == "monitor_cond_change" && test.method == "monitor_cond":
					return `"result":[],"error":null`
				}
				return unknownMethod
			})
			c := consume(t, sbConfig(t, f.endpoint(), Table{Name: sb.AddressSetTable, Where: Any(Equal("name", "as1"))}))
			c.untilNames("as1")
			c.untilPhase(Ready)
			if got := c.State().Method; got != test.method {
				t.Errorf("followed by %s, want %s", got, test.method)
			}
			conn := <-f.conns
			update := func(row string) {
				fmt.Fprintf(conn, `{"method":%q,"params":["rows",{"Address_Set":{"%s":%s}}],"id":null}`, test.update, someUUID, row)
			}
			update(test.modify)
			c.until(func() error {
				for _, row := range c.rows[sb.AddressSetTable] {
					if got := row.(*sb.AddressSet).Addresses; fmt.Sprint(got) == "[10.0.0.2 10.0.0.3]" {
						return nil
					}
				}
				return fmt.Errorf("rows %v", c.rows)
			})
			update(test.remove)
			c.untilNames()
			epoch, err := c.SetConditions(map[string]Where{sb.AddressSetTable: Any()})
			if err != nil {
				t.Fatal(err)
			}
			c.untilEpoch(epoch)
		})
	}
}

// untilEpoch waits until the conditions of an epoch have been followed.
func (c *consumer) untilEpoch(epoch uint64) {
	c.t.Helper()
	c.until(func() error {
		if c.epoch < epoch {
			return fmt.Errorf("epoch %d, want %d", c.epoch, epoch)
		}
		return nil
	})
}

// plainServer replies as an idle server of an empty database does.
func plainServer(t testing.TB) func(int, string, []json.RawMessage) string {
	return func(_ int, method string, params []json.RawMessage) string {
		switch {
		case isServer(params):
			return serverRow(`,"connected":true,"model":"standalone"`)
		case method == "get_schema":
			return schemaReply(t)
		case method == "monitor_cond_since":
			return noRows
		case method == "echo":
			return `"result":[],"error":null`
		}
		return unknownMethod
	}
}

// A message's members may come in any order, and what the client is asked, it answers.
func TestMessages(t *testing.T) {
	f := startFake(t, plainServer(t))
	c := consume(t, sbConfig(t, f.endpoint(), Table{Name: sb.AddressSetTable}))
	c.untilPhase(Ready)
	conn := <-f.conns
	fmt.Fprintf(conn, `{"params":["rows","%s",{"Address_Set":{"%s":{"insert":{"name":"as1"}}},"Other":{"x":[1,{}]}}],"extra":{"a":[]},"id":null,"method":"update3"}`, otherUUID, someUUID)
	c.untilNames("as1")
	c.mu.Lock()
	if got := c.batches[len(c.batches)-1].TxnID.String(); got != otherUUID {
		t.Errorf("transaction %s, want %s", got, otherUUID)
	}
	c.mu.Unlock()
	for _, test := range []struct{ say, want string }{
		{`{"method":"echo","params":["a",{"b":null}],"id":"probe"}`, `id "probe" error null result ["a",{"b":null}]`},
		{`{"id":7,"params":[],"method":"echo"}`, `id 7 error null result []`},
		{`{"method":"reboot","params":[],"id":8}`, `id 8 error "unknown method" result null`},
		{`{"method":"locked","params":["x"],"id":null}{"id":4711,"result":[],"error":null}{"method":"echo","params":[],"id":9}`, `id 9 error null result []`},
	} {
		fmt.Fprint(conn, test.say)
		select {
		case got := <-f.heard:
			if got != test.want {
				t.Errorf("%s was answered by %s, want %s", test.say, got, test.want)
			}
		case <-time.After(patience):
			t.Fatalf("%s was not answered", test.say)
		}
	}
}

// A server that breaks the rules is left; after it, everything is loaded again, and nothing half read is handed over.
func TestBrokenServer(t *testing.T) {
	for name, say := range map[string]string{
		"no JSON":                    `{"method":"update3",`,
		"a row that is not there":    `{"id":null,"method":"update3","params":["rows","` + otherUUID + `",{"Address_Set":{"` + otherUUID + `":{"modify":{"name":"x"}}}}]}`,
		"a bad uuid":                 `{"id":null,"method":"update3","params":["rows","` + otherUUID + `",{"Address_Set":{"x":{"insert":{}}}}]}`,
		"a row update of no kind":    `{"id":null,"method":"update3","params":["rows","` + otherUUID + `",{"Address_Set":{"` + otherUUID + `":{"replace":{}}}}]}`,
		"a value of another type":    `{"id":null,"method":"update3","params":["rows","` + otherUUID + `",{"Address_Set":{"` + otherUUID + `":{"insert":{"name":5}}}}]}`,
		"good and bad in one":        `{"id":null,"method":"update3","params":["rows","` + otherUUID + `",{"Address_Set":{"` + otherUUID + `":{"insert":{"name":"half"}}}},5]}`,
		"broken in the middle":       `{"params":["rows","` + otherUUID + `",{"Address_Set":{"` + otherUUID + `":{"insert":{"name":"half"}}},5]],"method":"update3"}`,
		"monitors canceled":          `{"id":null,"method":"monitor_canceled","params":["rows"]}`,
		"no database there any more": `{"id":null,"method":"update2","params":["_Server",{"Database":{"` + someUUID + `":{"delete":null}}}]}`,
		"another schema now":         `{"id":null,"method":"update2","params":["_Server",{"Database":{"` + someUUID + `":{"modify":{"schema":"{ }"}}}}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			plain := plainServer(t)
			f := startFake(t, func(session int, method string, params []json.RawMessage) string {
				if method == "monitor_cond_since" {
					if last := string(params[3]); session > 0 && last != `"00000000-0000-0000-0000-000000000000"` {
						t.Errorf("goes on from %s", last)
					}
					return fmt.Sprintf(`"result":[false,"00000000-0000-0000-0000-000000000000",{"Address_Set":{"%s":{"initial":{"name":"session%d"}}}}],"error":null`, someUUID, session)
				}
				return plain(session, method, params)
			})
			c := consume(t, sbConfig(t, f.endpoint(), Table{Name: sb.AddressSetTable}))
			c.untilNames("session0")
			conn := <-f.conns
			fmt.Fprint(conn, say)
			if strings.HasSuffix(say, ",") {
				conn.Close()
			}
			c.untilNames("session1")
		})
	}
}

// Servers that should not be followed are left for others, with the reason told.
func TestUnsuitableServers(t *testing.T) {
	clustered := func(index int) string {
		return fmt.Sprintf(`,"model":"clustered","connected":true,"cid":["uuid","%s"],"index":%d`, otherUUID, index)
	}
	for name, test := range map[string]struct {
		row, want string
		leader    bool
	}{
		"no such database":    {`"result":{},"error":null`, "it has no database OVN_Southbound", false},
		"relay without data":  {`"result":{"Database":{"` + someUUID + `":{"initial":{"name":"OVN_Southbound","model":"relay"}}}},"error":null`, "relay source, yet", false},
		"cut off":             {serverRow(`,"model":"clustered"`), "cut off", false},
		"follower":            {strings.Replace(serverRow(clustered(1)), `"leader":true`, `"leader":false`, 1), "not the leader", true},
		"older than was seen": {serverRow(clustered(6)), "behind: at index 6, 7 was seen", false},
		"odd schema":          {serverRow(`,"connected":true`), "schema", false},
	} {
		t.Run(name, func(t *testing.T) {
			plain := plainServer(t)
			f := startFake(t, func(session int, method string, params []json.RawMessage) string {
				if isServer(params) && session == 0 {
					return serverRow(clustered(7))
				} else if isServer(params) {
					return test.row
				} else if method == "get_schema" && name == "odd schema" && session > 0 {
					return `"result":[],"error":null`
				}
				return plain(session, method, params)
			})
			cfg := sbConfig(t, f.endpoint(), Table{Name: sb.AddressSetTable})
			cfg.LeaderOnly = test.leader
			c := consume(t, cfg)
			c.untilPhase(Ready)
			(<-f.conns).Close()
			ovstest.Eventually(t, patience, func() error {
				if err := c.State().Err; err == nil || !strings.Contains(err.Error(), test.want) {
					return fmt.Errorf("state %+v, want %q", c.State(), test.want)
				}
				return nil
			})
			if err := c.State().Err; !errors.Is(err, ErrUnsuitable) && !errors.Is(err, ErrProtocol) {
				t.Errorf("error %v is of no kind", err)
			}
		})
	}
}

// A server that says nothing any more is left, and not one that has much to say.
func TestProbe(t *testing.T) {
	plain := plainServer(t)
	asked := make(chan bool, 100)
	f := startFake(t, func(session int, method string, params []json.RawMessage) string {
		if method == "echo" {
			asked <- true
			return ""
		}
		return plain(session, method, params)
	})
	cfg := sbConfig(t, f.endpoint(), Table{Name: sb.AddressSetTable})
	cfg.Probe = 100 * time.Millisecond
	c := consume(t, cfg)
	c.untilPhase(Ready)
	conn := <-f.conns
	<-asked
	text := bytes.Repeat([]byte(" "), 1000)
	for range 8 { // for longer than the probe allows, but never silent for long
		time.Sleep(50 * time.Millisecond)
		if _, err := conn.Write(text); err != nil {
			t.Fatalf("left while something came: %v", err)
		}
	}
	ovstest.Eventually(t, patience, func() error {
		if err := c.State().Err; !errors.Is(err, ErrSilent) {
			return fmt.Errorf("state %+v", c.State())
		}
		return nil
	})
}

// While rows are awaited, silence is no reason to leave until LoadTimeout.
func TestLoadTimeout(t *testing.T) {
	plain := plainServer(t)
	f := startFake(t, func(session int, method string, params []json.RawMessage) string {
		if method == "monitor_cond_since" && session == 0 {
			time.Sleep(500 * time.Millisecond)
		}
		if session > 0 && (method == "monitor_cond_since" || method == "echo") {
			return ""
		}
		return plain(session, method, params)
	})
	cfg := sbConfig(t, f.endpoint(), Table{Name: sb.AddressSetTable})
	cfg.Probe, cfg.LoadTimeout = 50*time.Millisecond, 2*time.Second
	c := consume(t, cfg)
	c.untilPhase(Ready)
	if n := len(f.conns); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
	(<-f.conns).Close()
	ovstest.Eventually(t, patience, func() error {
		if err := c.State().Err; !errors.Is(err, ErrSilent) {
			return fmt.Errorf("state %+v", c.State())
		}
		return nil
	})
}
