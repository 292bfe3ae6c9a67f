package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/flowhost/flowhost/core/config"
	"github.com/hashicorp/go-hclog"
)

// reload reads the configuration again and makes the difference, all of it or nothing: whatever can be refused is looked at before
// anything is done.
func (h *host) reload(ctx context.Context, read func() (*config.Config, error)) {
	next, changes, err := h.compare(read)
	if err == nil {
		err = next.Remember()
	}
	if err == nil {
		err = h.change(ctx, next, &changes)
	}
	if err != nil {
		why := strings.ReplaceAll(err.Error(), "\n", "; ")
		h.notReloaded.Store(&why)
		h.Logger.Error("configuration not reloaded; all goes on as before", "reason", err)
		return
	}
	h.notReloaded.Store(new(string))
	h.Logger.Info("configuration reloaded", "done", changes.String())
}

func (h *host) compare(read func() (*config.Config, error)) (*config.Config, config.Changes, error) {
	next, err := read()
	if err != nil {
		return nil, config.Changes{}, err
	}
	changes, err := config.Compare(h.config, next, h.former)
	if err != nil {
		return nil, changes, err
	}
	return next, changes, checkPlugins(slices.Concat(changes.Added, changes.Process))
}

// change makes the changes. Only the first step can fail: the loop has stopped, or has no room for another owner.
func (h *host) change(ctx context.Context, next *config.Config, changes *config.Changes) error {
	for _, spec := range ownerSpecs(slices.Concat(changes.Limits, changes.Added)) {
		if err := h.Loop.SetOwner(ctx, spec); err != nil {
			return err
		}
	}
	if changes.LogLevel {
		h.Logger.SetLevel(hclog.LevelFromString(next.LogLevel))
	}
	for _, name := range changes.Removed {
		h.remove(ctx, name)
	}
	for _, p := range changes.Process {
		h.Sources.Get(p.Name).Reconfigure(processOf(&p))
	}
	for _, p := range changes.Added {
		h.former = slices.DeleteFunc(h.former, func(f config.Plugin) bool { return f.Name == p.Name })
		h.Sources.Add(h.newSource(&p))
	}
	h.config = next
	return nil
}

// remove stops a plugin. Its flows are nobody's then, as they would be after a restart: they go, or stay if the configuration says
// that such flows do.
func (h *host) remove(ctx context.Context, name string) {
	h.Sources.Remove(name)
	i := slices.IndexFunc(h.config.Plugins, func(p config.Plugin) bool { return p.Name == name })
	gone := h.config.Plugins[i]
	h.former = append(h.former, gone)
	no := false
	gone.Expected, gone.Grace = &no, 0
	if h.config.Unclaimed == "delete" {
		gone.Grace = time.Nanosecond
	}
	if err := h.Loop.SetOwner(ctx, ownerSpecs([]config.Plugin{gone})[0]); err != nil {
		h.Logger.Warn("flows of a plugin that was removed stay", "plugin", name, "reason", err)
	}
}
