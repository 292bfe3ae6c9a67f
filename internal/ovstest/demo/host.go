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

// plugins are all that ship with flowhost: OVN's sources, and what else a node has to do.
var plugins = []string{"lflow", "physical", "neighbor", "chassis"}

// host is flowhost with the plugins on the sandbox's bridge.
func (d *demo) host() ovstest.Daemon {
	args := []string{"run",
		"--bridge=" + ovstest.Bridge,
		"--switch=" + d.sandbox.Mgmt(ovstest.Bridge),
		"--ovsdb=" + d.sandbox.OVSDB(),
		"--socket=" + d.socket(),
		"--state-dir=" + filepath.Join(d.dir, "state"),
	}
	for _, name := range plugins {
		args = append(args, "--plugin="+name+"="+d.plugin(name))
	}
	return ovstest.Daemon{Name: hostName, Program: filepath.Join(d.bin, "flowhost"), Args: args, Ready: d.hostReady}
}

func (d *demo) plugin(name string) string { return filepath.Join(d.bin, "flowhost-plugin-"+name) }

// startHost starts flowhost if it does not run, or runs from an older build, or does not become ready.
func (d *demo) startHost(ctx context.Context) error {
	if d.sandbox.Pid(ovstest.OVSDB) == 0 {
		return errors.New("there is no sandbox to run flowhost in; start it with make demo")
	}
	was := d.sandbox.Pid(hostName)
	if was != 0 && d.rebuilt(was) {
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
	step("host", "flowhost with %s %s, pid %d, and is ready; log %s", strings.Join(plugins, ", "), state, pid, d.sandbox.Log(hostName))
	return nil
}

// rebuilt tells whether the host or a plugin runs from another file than the one that was built last. Times do not tell: go
// build touches a program also when it leaves it as it is.
func (d *demo) rebuilt(host int) bool {
	programs := map[int]string{host: d.host().Program}
	if status, err := d.status(); err == nil {
		for _, plugin := range status.Plugins {
			programs[plugin.PID] = d.plugin(plugin.Name)
		}
	}
	for pid, path := range programs {
		running, err := os.Stat(fmt.Sprintf("/proc/%d/exe", pid))
		if err != nil {
			continue // the plugin is being restarted just now
		}
		if built, err := os.Stat(path); err == nil && !os.SameFile(running, built) {
			return true
		}
	}
	return false
}

// status is what of `flowhost status -o json` the demo needs.
type status struct {
	Ready   bool
	Reasons []string
	Plugins []struct {
		Name string
		PID  int
	}
}

func (d *demo) status() (status, error) {
	var s status
	out, err := d.flowhost("status", "-o", "json")
	if err == nil {
		err = json.Unmarshal([]byte(out), &s)
	}
	return s, err
}

// hostReady asks the host whether it is ready, and returns its reasons if it is not.
func (d *demo) hostReady() error {
	status, err := d.status()
	if err == nil && !status.Ready {
		err = fmt.Errorf("flowhost is not ready: %s", strings.Join(status.Reasons, "; "))
	}
	return err
}

// flowhost runs one of flowhost's subcommands that ask the host.
func (d *demo) flowhost(args ...string) (string, error) {
	return d.sandbox.Run(filepath.Join(d.bin, "flowhost"), append(args, "--socket="+d.socket())...)
}
