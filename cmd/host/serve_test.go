package main

import (
	"context"
	"os"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/flowhost/flowhost/core/admin"
	"github.com/flowhost/flowhost/core/config"
)

// serveHost runs a host until the test ends. Hangups have it read its configuration again with read.
func serveHost(
	t *testing.T, c *config.Config, log hclog.Logger, hangups <-chan os.Signal, read func() (*config.Config, error),
) *admin.Client {
	t.Helper()
	h, err := newHost(c, log)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := admin.Listen(c.Socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); h.run(ctx, listener, hangups, read) }()
	t.Cleanup(func() { cancel(); <-done })
	return admin.NewClient(c.Socket)
}
