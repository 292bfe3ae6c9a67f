package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
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

What the file says, the flags may change. SIGHUP reads the file again (and conf.d/*.yaml beside it, which add plugins): plugins that
are new, gone or changed are started, stopped and restarted, limits and the log level are changed; what takes a restart of the host
is refused, with all the rest, and told in the log. A switch or a database that is not there yet is waited for; "flowhost status"
tells what is missing. Without a file, the plugins named by --plugin are run: those that ship with flowhost (lflow, physical,
neighbor, chassis) have built-in fences, and any other may do nothing.`

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
	attach   []string
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
	f.addConfigFlags(cmd)
	flags := cmd.Flags()
	flags.StringArrayVar(&f.attach, "attach", nil, "use a flow source that was started by hand with -debug, `NAME=SOCKET`; may be given several times")
	flags.StringVar(&f.pidfile, "pidfile", os.Getenv("FLOWHOST_PIDFILE"), "write the process id to this `file`; $FLOWHOST_PIDFILE if set")
	flags.StringVar(&f.logLevel, "log-level", "", "least `level` logged: trace, debug, info, warn or error (default info)")
	flags.BoolVar(&f.logJSON, "log-json", false, "log in JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return runHost(cmd.Context(), f) }
	return cmd
}

// addConfigFlags adds those that say which host it is.
func (f *runFlags) addConfigFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.file, "config", "", "configuration `file`")
	flags.StringVar(&f.bridge, "bridge", "", "the Open vSwitch bridge (default br-int)")
	flags.StringVar(&f.target, "switch", "", "OpenFlow `target` of the bridge: unix:PATH or tcp:HOST:PORT (default unix:$OVS_RUNDIR/BRIDGE.mgmt)")
	flags.StringVar(&f.ovsdb, "ovsdb", "", "`endpoint` of the local Open_vSwitch database (default unix:$OVS_RUNDIR/db.sock)")
	flags.StringArrayVar(&f.plugins, "plugin", nil, "run a flow source, `NAME=PATH`; may be given several times")
	flags.StringVar(&f.socket, "socket", os.Getenv("FLOWHOST_SOCKET"), "admin socket (default /run/flowhost/BRIDGE.sock; $FLOWHOST_SOCKET if set)")
	flags.StringVar(&f.stateDir, "state-dir", "", "`folder` of what must not move between runs (default /var/lib/flowhost)")
}

// check finds wrong usage.
func (f *runFlags) check() error {
	for flag, given := range map[string][]string{"--plugin %s: write NAME=PATH": f.plugins, "--attach %s: write NAME=SOCKET": f.attach} {
		for _, p := range given {
			if name, path, ok := strings.Cut(p, "="); !ok || name == "" || path == "" {
				return fmt.Errorf(flag, p)
			}
		}
	}
	if f.logLevel != "" && hclog.LevelFromString(f.logLevel) == hclog.NoLevel {
		return fmt.Errorf("--log-level %s: it is trace, debug, info, warn or error", f.logLevel)
	}
	return nil
}

// config reads the files and lays the flags over them.
func (f *runFlags) config() (*config.Config, error) {
	c, err := new(config.Config), error(nil)
	if f.file != "" {
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
		{f.logLevel, &c.LogLevel},
	} {
		if o.flag != "" {
			*o.into = o.flag
		}
	}
	for _, p := range f.plugins {
		name, path, _ := strings.Cut(p, "=")
		if pluginOf(c, name).Path, err = filepath.Abs(path); err != nil {
			return nil, err
		}
	}
	for _, p := range f.attach {
		name, socket, _ := strings.Cut(p, "=")
		pluginOf(c, name).Attach = socket
	}
	return c, c.Complete()
}

// pluginOf is a plugin in the configuration, added if there is none of the name.
func pluginOf(c *config.Config, name string) *config.Plugin {
	i := slices.IndexFunc(c.Plugins, func(p config.Plugin) bool { return p.Name == name })
	if i < 0 {
		i = len(c.Plugins)
		c.Plugins = append(c.Plugins, config.Plugin{Name: name})
	}
	return &c.Plugins[i]
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
	if err := c.Remember(); err != nil {
		return err
	}
	if err := checkBridge(ctx, c); err != nil {
		return err
	}
	log := hclog.New(&hclog.LoggerOptions{
		Name: "flowhost", Level: hclog.LevelFromString(c.LogLevel), JSONFormat: f.logJSON, Output: os.Stderr,
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
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	host.run(ctx, listener, hangups, f.config)
	log.Info("stopped; the flows stay in the switch")
	return nil
}

// checkPlugins finds binaries that can never start, so that the operator learns it at once.
func checkPlugins(plugins []config.Plugin) error {
	for _, p := range plugins {
		if p.Attach != "" {
			continue
		}
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
