package machine

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// label is on all that is made here; its value is the process id of the test, so that a later one finds what nobody will remove.
const label = "flowhost-e2e"

// docker runs machines as containers of one network.
type docker struct {
	id    string // of the network, and the front part of the containers' names
	image string
}

// dockerMissing says why there is no Docker engine, "" if there is one.
func dockerMissing() string {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if _, err := run(ctx, "docker", "info", "--format", "{{.ServerVersion}}"); err != nil {
		return "no Docker engine answers"
	}
	return ""
}

func newDocker(ctx context.Context, programs string) (*docker, netip.Prefix, error) {
	removeOrphans(ctx)
	image, err := image(ctx, programs)
	if err != nil {
		return nil, netip.Prefix{}, err
	}
	d := &docker{id: fmt.Sprintf("%s-%d-%d", label, os.Getpid(), time.Now().UnixNano()%1e9), image: image}
	// Which subnets are free only the engine knows: try some.
	for third := range 250 {
		prefix := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 231, byte((third + os.Getpid()) % 250), 0}), 24)
		_, err = run(ctx, "docker", "network", "create", "--internal", "--subnet", prefix.String(), "--label", d.label(), d.id)
		if err == nil || !strings.Contains(err.Error(), "overlaps") {
			return d, prefix, err
		}
	}
	return nil, netip.Prefix{}, err
}

func (d *docker) label() string { return label + "=" + strconv.Itoa(os.Getpid()) }

func (d *docker) container(name string) string { return d.id + "-" + name }

// start needs no privileged container, which an engine without CAP_SYS_RESOURCE refuses. The first process of the container is a
// shell: it reaps what daemons leave behind.
func (d *docker) start(ctx context.Context, name string, address netip.Prefix) error {
	_, err := run(ctx, "docker", "run", "--detach", "--name", d.container(name), "--hostname", name, "--label", d.label(),
		"--network", d.id, "--ip", address.Addr().String(),
		"--cap-add", "NET_ADMIN", "--cap-add", "SYS_ADMIN", "--cap-add", "NET_RAW", "--cap-add", "SYS_PTRACE", "--cap-add", "SYS_NICE",
		"--device", "/dev/net/tun", "--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined",
		"--tmpfs", "/run", d.image, "bash", "-c", "trap exit TERM; while :; do sleep 3600 & wait; done")
	return err
}

func (d *docker) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "docker", append([]string{"exec", "-i", d.container(name)}, args...)...)
}

func (d *docker) stop(ctx context.Context) error {
	return removeLabelled(ctx, d.label())
}

// removeLabelled removes containers and then networks.
func removeLabelled(ctx context.Context, what string) error {
	var errs []error
	for _, kind := range []struct{ list, remove []string }{
		{[]string{"ps", "--all"}, []string{"rm", "--force", "--volumes"}},
		{[]string{"network", "ls"}, []string{"network", "rm"}},
	} {
		ids, err := run(ctx, "docker", append(kind.list, "--quiet", "--filter", "label="+what)...)
		if err == nil && ids != "" {
			_, err = run(ctx, "docker", append(kind.remove, strings.Fields(ids)...)...)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// removeOrphans removes what tests have left that were killed.
func removeOrphans(ctx context.Context) {
	out, _ := run(ctx, "docker", "ps", "--all", "--filter", "label="+label, "--format", "{{.Label \""+label+"\"}}")
	more, _ := run(ctx, "docker", "network", "ls", "--filter", "label="+label, "--format", "{{.Label \""+label+"\"}}")
	for _, pid := range strings.Fields(out + " " + more) {
		if n, err := strconv.Atoi(pid); err == nil && syscall.Kill(n, 0) != nil {
			_ = removeLabelled(ctx, label+"="+pid)
		}
	}
}

// run runs a program on this machine.
func run(ctx context.Context, name string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return strings.TrimSpace(string(out)), err
}
