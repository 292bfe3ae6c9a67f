package main

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/flowhost/flowhost/internal/ovstest"
)

// demo is the sandbox and the flowhost on it, running or not.
type demo struct {
	bin     string // where this program lies, and flowhost and its plugins beside it
	dir     string
	sandbox *ovstest.Sandbox
}

var options = ovstest.Options{OVN: true, SystemID: chassis}

// open finds the folder of this user's and this checkout's demo, and makes it if it is not there.
func open() (*demo, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	bin := filepath.Dir(program)
	sum := fnv.New32a()
	sum.Write([]byte(bin))
	// Not os.TempDir, which may differ between two shells of one user.
	d := &demo{bin: bin, dir: fmt.Sprintf("/tmp/flowhost-demo-%d-%08x", os.Getuid(), sum.Sum32())}
	d.sandbox = ovstest.Open(d.dir, options)
	d.sandbox.Add(d.host())
	return d, nil
}

// makeDir makes the demo's folder, or sees that it is ours: in /tmp anybody can have made one of that name.
func (d *demo) makeDir() error {
	if err := os.Mkdir(d.dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	info, err := os.Lstat(d.dir)
	if err != nil {
		return err
	}
	if stat := info.Sys().(*syscall.Stat_t); !info.IsDir() || int(stat.Uid) != os.Getuid() {
		return fmt.Errorf("%s is not a folder of this user; remove it", d.dir)
	}
	return nil
}

// start does all of `make demo`.
func (d *demo) start(ctx context.Context) error {
	err := d.startNetwork(ctx)
	if err != nil && ctx.Err() == nil {
		step("mending", "%v", err)
		step("", "stopping what is left of it, and starting anew")
		err = errors.Join(d.remove(), d.startNetwork(ctx))
	}
	if err != nil {
		return err
	}
	if err := d.startHost(ctx); err != nil {
		return err
	}
	if err := d.awaitUp(); err != nil {
		return err
	}
	if err := d.addBindings(ctx); err != nil {
		return err
	}
	if err := d.ping(ctx); err != nil {
		return err
	}
	return d.show()
}

// startNetwork starts or mends the sandbox, and the logical network in it.
func (d *demo) startNetwork(ctx context.Context) error {
	if err := d.makeDir(); err != nil {
		return err
	}
	if _, err := ovstest.StartIn(ctx, d.dir, options); err != nil {
		return err
	}
	step("sandbox", "ovs-vswitchd, ovn-northd and their databases, in %s", d.dir)
	return d.makeNetwork()
}

func (d *demo) stop() error {
	if _, err := os.Lstat(d.dir); errors.Is(err, os.ErrNotExist) {
		step("stopped", "no demo was running")
		return nil
	}
	if err := d.remove(); err != nil {
		return err
	}
	step("stopped", "and removed %s", d.dir)
	return nil
}

func (d *demo) remove() error {
	if err := d.makeDir(); err != nil {
		return err
	}
	return errors.Join(ovstest.StopDir(d.dir), os.RemoveAll(d.dir))
}

// printEnv prints lines for `eval`. They hold whether the demo runs or not; when it does not, standard error says so.
func (d *demo) printEnv() error {
	fmt.Printf("export PATH=%s:\"$PATH\"\n", quote(d.bin))
	for _, variable := range append(d.sandbox.Vars(), "FLOWHOST_SOCKET="+d.socket(), "FLOWHOST_PIDFILE="+d.pidfile()) {
		name, value, _ := strings.Cut(variable, "=")
		fmt.Printf("export %s=%s\n", name, quote(value))
	}
	if d.sandbox.Pid(ovstest.OVSDB) == 0 {
		fmt.Fprintln(os.Stderr, "demo: it is not running; start it with make demo")
	}
	return nil
}

// quote makes one word of a POSIX shell.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// step prints one line of what has been done.
func step(what, format string, args ...any) {
	fmt.Printf("%-8s  %s\n", what, fmt.Sprintf(format, args...))
}
