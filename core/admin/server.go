package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/flowhost/flowhost/core/apply"
	"github.com/flowhost/flowhost/core/source"
	"github.com/hashicorp/go-hclog"
)

// Host is what a Server shows.
type Host struct {
	Version string
	Bridge  string
	Target  string // of the switch connection
	Loop    *apply.Loop
	Sources *source.Set
	Logger  hclog.Logger
	// Reasons are asked what else keeps the host from being ready; "" is nothing.
	Reasons []func() string
	// Config is asked why the configuration was not reloaded when that was asked for last; "" if it was.
	Config func() string
}

// ErrInUse is returned by Listen when another host serves the socket.
var ErrInUse = errors.New("another flowhost serves this socket")

// Listen makes the admin socket, readable and writable for its owner and group. A socket left over by a host that was killed
// is replaced; one that is served is ErrInUse.
func Listen(path string) (net.Listener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { // plugins of other users get through it
		return nil, err
	}
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		c.Close()
		return nil, fmt.Errorf("%w: %s; stop it, or name another socket with --socket", ErrInUse, path)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o660); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// Serve answers on l until ctx ends, and closes l.
func (h *Host) Serve(ctx context.Context, l net.Listener) error {
	started := time.Now()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/status", func(w http.ResponseWriter, r *http.Request) {
		s, err := h.status(r.Context())
		s.Started = started
		h.answer(w, s, err)
	})
	mux.HandleFunc("GET /v1/flows", func(w http.ResponseWriter, r *http.Request) {
		q, err := h.parseQuery(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		flows, err := h.flows(r.Context(), q)
		h.answer(w, flows, err)
	})
	mux.HandleFunc("GET /v1/diff", func(w http.ResponseWriter, r *http.Request) {
		d, err := h.differences(r.Context())
		h.answer(w, d, err)
	})
	h.handlePlugins(mux)
	mux.HandleFunc("GET /v1/owners", func(w http.ResponseWriter, r *http.Request) {
		owners, err := h.owners(r.Context())
		h.answer(w, owners, err)
	})
	mux.HandleFunc("GET /v1/conflicts", func(w http.ResponseWriter, r *http.Request) {
		conflicts, err := h.conflicts(r.Context())
		h.answer(w, conflicts, err)
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	defer context.AfterFunc(ctx, func() { server.Close() })()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return ctx.Err()
}

func (h *Host) answer(w http.ResponseWriter, v any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		h.Logger.Debug("answer not taken", "error", err)
	}
}

// parseQuery reads a FlowQuery from the request's URL.
func (h *Host) parseQuery(r *http.Request) (FlowQuery, error) {
	var q FlowQuery
	if text := r.URL.Query().Get("table"); text != "" {
		n, err := strconv.ParseUint(text, 10, 8)
		if err != nil {
			return q, fmt.Errorf("table %q: not a table number", text)
		}
		id := uint8(n)
		q.Table = &id
	}
	q.Owner = r.URL.Query().Get("owner")
	if q.Owner != "" && !h.Loop.HasOwner(q.Owner) {
		return q, fmt.Errorf("owner %q: not configured", q.Owner)
	}
	if of := r.URL.Query().Get("of"); of != "" {
		digits, err := uuidDigits(of)
		if err != nil {
			return q, err
		}
		q.Of = digits
	}
	return q, nil
}
