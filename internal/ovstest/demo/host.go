package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/flowhost/flowhost/internal/ovstest"
)

const hostName = "flowhost"

func (d *demo) socket() string { return filepath.Join(d.dir, "run", hostName+".sock") }

func (d *demo) pidfile() string { return filepath.Join(d.dir, "run", hostName+".pid") }

// host is flowhost with the neighbor plugin on the sandbox's bridge.
func (d *demo) host() ovstest.Daemon {
	return ovstest.Daemon{
		Name:    hostName,
		Program: filepath.Join(d.bin, "flowhost"),
		Args: []string{"run",
			"--bridge=" + ovstest.Bridge,
			"--switch=" + d.sandbox.Mgmt(ovstest.Bridge),
			"--ovsdb=" + d.sandbox.OVSDB(),
			"--plugin=neighbor=" + d.plugin(),
			"--socket=" + d.socket(),
			"--state-dir=" + filepath.Join(d.dir, "state"),
		},
		Ready: d.hostReady,
	}
}

func (d *demo) plugin() string { return filepath.Join(d.bin, "flowhost-plugin-neighbor") }

// startHost starts flowhost if it does not run, or runs from an older build, or does not become ready.
func (d *demo) startHost(ctx context.Context) error {
	if d.sandbox.Pid(ovstest.OVSDB) == 0 {
		return errors.New("there is no sandbox to run flowhost in; start it with make demo")
	}
	was := d.sandbox.Pid(hostName)
	if was != 0 && d.rebuilt() {
		step("host", "pid %d runs an older build; starting the new one", was)
		if err := d.sandbox.Down(hostName); err != nil {
			return err
		}
	}
	if err := d.sandbox.Up(ctx, hostName); err != nil {
		return err
	}
	pid, state := d.sandbox.Pid(hostName), "started"
	if pid == was {
		state = "runs already"
	}
	step("host", "flowhost with plugin neighbor %s, pid %d, and is ready; log %s", state, pid, d.sandbox.Log(hostName))
	return nil
}

// rebuilt tells whether flowhost or its plugin was built after the running host began, which is when its pidfile was written.
func (d *demo) rebuilt() bool {
	began, err := os.Stat(d.pidfile())
	if err != nil {
		return false
	}
	for _, path := range []string{filepath.Join(d.bin, "flowhost"), d.plugin()} {
		if info, err := os.Stat(path); err == nil && info.ModTime().After(began.ModTime()) {
			return true
		}
	}
	return false
}

// hostReady asks the host whether it is ready, and returns its reasons if it is not.
func (d *demo) hostReady() error {
	out, err := d.flowhost("status", "-o", "json")
	if err != nil {
		return err
	}
	var status struct {
		Ready   bool
		Reasons []string
	}
	if err := json.Unmarshal([]byte(out), &status); err != nil {
		return fmt.Errorf("flowhost status: %w", err)
	}
	if !status.Ready {
		return fmt.Errorf("flowhost is not ready: %s", strings.Join(status.Reasons, "; "))
	}
	return nil
}

// flowhost runs one of flowhost's subcommands that ask the host.
func (d *demo) flowhost(args ...string) (string, error) {
	return d.sandbox.Run(filepath.Join(d.bin, "flowhost"), append(args, "--socket="+d.socket())...)
}
