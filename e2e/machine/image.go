package machine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// imageTimeout is how long making the image may take, with all packages to be fetched.
const imageTimeout = 10 * time.Minute

// programsFolder is where machines have the test's programs.
const programsFolder = "/opt/flowhost"

// What is in the base image.
const (
	suite    = "bookworm"
	packages = "openvswitch-switch,ovn-central,ovn-host,iproute2,iputils-ping,ethtool,iperf3,tcpdump,procps,faketime"
)

// image returns the image that machines are made of: the base image with a folder of programs at programsFolder. Both are made when
// the engine does not have them yet; their tags are hashes of what is in them.
func image(ctx context.Context, programs string) (string, error) {
	base := "flowhost-e2e-base:" + digest([]byte(suite+" "+packages))
	unlock, err := lock()
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := run(ctx, "docker", "image", "inspect", base); err != nil {
		if err := makeBase(ctx, base); err != nil {
			return "", fmt.Errorf("make image %s: %w", base, err)
		}
	}
	if programs == "" {
		return base, nil
	}
	hash, err := hashFolder(programs)
	if err != nil {
		return "", err
	}
	tag := "flowhost-e2e:" + hash
	if _, err := run(ctx, "docker", "image", "inspect", tag); err == nil {
		return tag, nil
	}
	build := exec.CommandContext(ctx, "docker", "build", "--quiet", "--tag", tag, "--label", label+"=image", "--file", "-", programs)
	build.Stdin = strings.NewReader("FROM " + base + "\nCOPY . " + programsFolder + "\n")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("docker build: %w: %s", err, out)
	}
	// Each change of the programs makes an image: those of yesterday that no container has go.
	_, err = run(ctx, "docker", "image", "prune", "--all", "--force", "--filter", "label="+label+"=image", "--filter", "until=24h")
	return tag, err
}

// lock keeps other tests from making images, until unlock is called or this process ends: they would make the same.
func lock() (unlock func(), err error) {
	file, err := os.OpenFile(filepath.Join(os.TempDir(), label+".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	return func() { file.Close() }, syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
}

// makeBase installs Debian into a folder and imports that as an image: there is no registry to pull one from.
func makeBase(ctx context.Context, tag string) error {
	folder, err := os.MkdirTemp("", "flowhost-image")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	mirror, err := mirror(ctx)
	if err != nil {
		return err
	}
	root := filepath.Join(folder, "root")
	if _, err := run(ctx, "debootstrap", "--variant=minbase", "--include="+packages, suite, root, mirror); err != nil {
		return err
	}
	pack := exec.CommandContext(ctx, "tar", "--directory", root, "--create", ".")
	load := exec.CommandContext(ctx, "docker", "import", "-", tag)
	if load.Stdin, err = pack.StdoutPipe(); err != nil {
		return err
	}
	if err := load.Start(); err != nil {
		return err
	}
	return errors.Join(pack.Run(), load.Wait())
}

// mirror is where this machine's apt gets Debian from.
func mirror(ctx context.Context) (string, error) {
	sites, err := run(ctx, "apt-get", "indextargets", "--format", "$(SITE)", "Codename: "+suite, "Component: main")
	if err == nil && sites == "" {
		err = fmt.Errorf("apt has no source of %s", suite)
	}
	if err != nil {
		return "", err
	}
	return strings.Fields(sites)[0], nil
}

func digest(of []byte) string {
	sum := sha256.Sum256(of)
	return hex.EncodeToString(sum[:6])
}

// hashFolder hashes names, modes and contents of a folder's files.
func hashFolder(folder string) (string, error) {
	h := sha256.New()
	err := fs.WalkDir(os.DirFS(folder), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		fmt.Fprintln(h, path)
		file, err := os.Open(filepath.Join(folder, path))
		if err != nil {
			return err
		}
		defer file.Close()
		_, err = io.Copy(h, file)
		return err
	})
	return hex.EncodeToString(h.Sum(nil)[:6]), err
}
