package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/flowhost/flowhost/core/admin"
	"github.com/flowhost/flowhost/core/config"
	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"
)

const runHelp = `Own a bridge's flow tables until SIGTERM or SIGINT; then stop the plugins and leave the flows in the switch.

What the file says, the flags may change. A switch or a database that is not there yet is waited for; "flowhost status"
tells what is missing. Without a file, the plugins named by --plugin are run: those that ship with flowhost (lflow, physical,
neighbor) have built-in fences, and any other may do nothing.`

// runFlags are the flags of `flowhost run`; those left empty leave the file's value, or the built-in one.
type runFlags struct {
	file     string
	bridge   string
	target   string
	ovsdb    string
	socket   string
	pidfile  string
	stateDir string
	plugins  []string
	logLevel string
	logJSON  bool
}

func newRun() *cobra.Command {
	f := new(runFlags)
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Own a bridge's flow tables (the daemon)",
		Long:  runHelp,
		Args:  noArgsAnd(f.check),
	}
	flags := cmd.Flags()
	flags.StringVar(&f.file, "config", "", "configuration `file`")
	flags.StringVar(&f.bridge, "bridge", "", "the Open vSwitch bridge (default br-int)")
	flags.StringVar(&f.target, "switch", "", "OpenFlow `target` of the bridge: unix:PATH or tcp:HOST:PORT (default unix:$OVS_RUNDIR/BRIDGE.mgmt)")
	flags.StringVar(&f.ovsdb, "ovsdb", "", "`endpoint` of the local Open_vSwitch database (default unix:$OVS_RUNDIR/db.sock)")
	flags.StringArrayVar(&f.plugins, "plugin", nil, "run a flow source, `NAME=PATH`; may be given several times")
	flags.StringVar(&f.socket, "socket", os.Getenv("FLOWHOST_SOCKET"), "admin socket (default /run/flowhost/BRIDGE.sock; $FLOWHOST_SOCKET if set)")
	flags.StringVar(&f.pidfile, "pidfile", os.Getenv("FLOWHOST_PIDFILE"), "write the process id to this `file`; $FLOWHOST_PIDFILE if set")
	flags.StringVar(&f.stateDir, "state-dir", "", "`folder` of what must not move between runs (default /var/lib/flowhost)")
	flags.StringVar(&f.logLevel, "log-level", "info", "least `level` logged: trace, debug, info, warn or error")
	flags.BoolVar(&f.logJSON, "log-json", false, "log in JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return runHost(cmd.Context(), f) }
	return cmd
}

// check finds wrong usage.
func (f *runFlags) check() error {
	for _, p := range f.plugins {
		if name, path, ok := strings.Cut(p, "="); !ok || name == "" || path == "" {
			return fmt.Errorf("--plugin %s: write NAME=PATH", p)
		}
	}
	if hclog.LevelFromString(f.logLevel) == hclog.NoLevel {
		return fmt.Errorf("--log-level %s: it is trace, debug, info, warn or error", f.logLevel)
	}
	return nil
}

// config reads the file and lays the flags over it.
func (f *runFlags) config() (*config.Config, error) {
	c := new(config.Config)
	if f.file != "" {
		var err error
		if c, err = config.Load(f.file); err != nil {
			return nil, err
		}
	}
	for _, o := range []struct {
		flag string
		into *string
	}{
		{f.bridge, &c.Bridge}, {f.target, &c.Switch}, {f.ovsdb, &c.OVSDB},
		{f.socket, &c.Socket}, {f.pidfile, &c.Pidfile}, {f.stateDir, &c.StateDir},
	} {
		if o.flag != "" {
			*o.into = o.flag
		}
	}
	for _, p := range f.plugins {
		name, path, _ := strings.Cut(p, "=")
		i := slices.IndexFunc(c.Plugins, func(p config.Plugin) bool { return p.Name == name })
		if i < 0 {
			i = len(c.Plugins)
			c.Plugins = append(c.Plugins, config.Plugin{Name: name})
		}
		c.Plugins[i].Path = path
	}
	if err := c.Complete(); err != nil {
		return nil, err
	}
	return c, c.AssignSlots()
}

// runHost builds the host from its parts and runs them until a signal.
func runHost(ctx context.Context, f *runFlags) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	c, err := f.config()
	if err != nil {
		return err
	}
	if err := checkPlugins(c.Plugins); err != nil {
		return err
	}
	if err := checkBridge(ctx, c.OVSDB, c.Bridge); err != nil {
		return err
	}
	log := hclog.New(&hclog.LoggerOptions{
		Name: "flowhost", Level: hclog.LevelFromString(f.logLevel), JSONFormat: f.logJSON, Output: os.Stderr,
	})
	host, err := newHost(c, log)
	if err != nil {
		return err
	}
	listener, err := admin.Listen(c.Socket)
	if err != nil {
		return err
	}
	if err := writePidfile(c.Pidfile); err != nil {
		listener.Close()
		return err
	}
	defer removePidfile(c.Pidfile)
	log.Info("starting", "version", version(), "bridge", c.Bridge, "switch", c.Switch, "socket", c.Socket)
	host.run(ctx, listener)
	log.Info("stopped; the flows stay in the switch")
	return nil
}

// checkPlugins finds binaries that can never start, so that the operator learns it at once.
func checkPlugins(plugins []config.Plugin) error {
	for _, p := range plugins {
		info, err := os.Stat(p.Path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("plugin %s: no file %s; install it, or name its binary with --plugin %s=PATH", p.Name, p.Path, p.Name)
		case err != nil:
			return fmt.Errorf("plugin %s: %w", p.Name, err)
		case info.IsDir() || info.Mode()&0o111 == 0:
			return fmt.Errorf("plugin %s: %s is not a program; name its binary, and make it executable (chmod +x)", p.Name, p.Path)
		}
	}
	return nil
}

func writePidfile(path string) error {
	if path == "" {
		return nil
	}
	return os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644)
}

func removePidfile(path string) {
	if path != "" {
		_ = os.Remove(path)
	}
}
