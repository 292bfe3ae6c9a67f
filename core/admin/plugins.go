package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/flowhost/flowhost/core/source"
)

// maxCommand is how many bytes a command and its arguments may have; a message of a session has 1 MiB.
const maxCommand = 256 << 10

// orders are what an operator may tell a plugin.
var orders = map[string]func(*source.Source){
	"restart": (*source.Source).Restart,
	"stop":    (*source.Source).Stop,
	"start":   (*source.Source).Start,
}

// handlePlugins adds what is about single plugins.
func (h *Host) handlePlugins(mux *http.ServeMux) {
	mux.HandleFunc("GET /v1/plugins", func(w http.ResponseWriter, r *http.Request) {
		plugins, err := h.allPlugins(r.Context())
		h.answer(w, plugins, err)
	})
	mux.HandleFunc("GET /v1/plugins/{name}/log", h.ofPlugin(func(w http.ResponseWriter, r *http.Request, src *source.Source) {
		after, err := strconv.ParseUint(r.URL.Query().Get("after"), 10, 64)
		if text := r.URL.Query().Get("after"); err != nil && text != "" {
			http.Error(w, fmt.Sprintf("after %q: not the number of a line", text), http.StatusBadRequest)
			return
		}
		lines, last := src.Log(after)
		h.answer(w, LogLines{Lines: lines, Last: last}, nil)
	}))
	mux.HandleFunc("POST /v1/plugins/{name}/command", h.ofPlugin(func(w http.ResponseWriter, r *http.Request, src *source.Source) {
		var c PluginCommand
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxCommand)).Decode(&c); err != nil {
			http.Error(w, fmt.Sprintf("command: %v", err), http.StatusBadRequest)
			return
		}
		h.Logger.Info("plugin told", "plugin", src.State().Name, "command", c.Name)
		text, err := src.Command(r.Context(), c.Name, c.Args...)
		h.answer(w, PluginReply{Text: text}, err)
	}))
	for name, order := range orders {
		mux.HandleFunc("POST /v1/plugins/{name}/"+name, h.ofPlugin(func(w http.ResponseWriter, _ *http.Request, src *source.Source) {
			h.Logger.Info("plugin told", "plugin", src.State().Name, "to", name)
			order(src)
			w.WriteHeader(http.StatusNoContent)
		}))
	}
}

// ofPlugin answers a request that names a plugin.
func (h *Host) ofPlugin(do func(http.ResponseWriter, *http.Request, *source.Source)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("name")
		src := h.Sources.Get(name)
		if src == nil {
			http.Error(w, fmt.Sprintf("plugin %q: not configured", name), http.StatusNotFound)
			return
		}
		do(w, r, src)
	}
}

func (h *Host) allPlugins(ctx context.Context) ([]Plugin, error) {
	loop, err := h.Loop.Status(ctx)
	return h.plugins(loop.Table.Owners), err
}
