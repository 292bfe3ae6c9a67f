package ovstest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// Build builds commands into a folder: name → package. They run on any machine of this kind, and the same source makes the same bytes.
func Build(t testing.TB, folder string, commands map[string]string, flags ...string) {
	t.Helper()
	if err := build(folder, commands, flags...); err != nil {
		t.Fatal(err)
	}
}

// BuildOne builds one command into a folder of the test's, and returns its path.
func BuildOne(t testing.TB, name, source string, flags ...string) (program string) {
	t.Helper()
	folder := t.TempDir()
	Build(t, folder, map[string]string{name: source}, flags...)
	return filepath.Join(folder, name)
}

func build(folder string, commands map[string]string, flags ...string) error {
	for name, source := range commands {
		args := append([]string{"build", "-trimpath", "-buildvcs=false", "-o", filepath.Join(folder, name)}, flags...)
		build := exec.Command("go", append(args, source)...)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("go build %s: %w\n%s", source, err, out)
		}
	}
	return nil
}

// Programs are what the tests of a package share: built when the first of them asks, removed by the package's TestMain.
type Programs struct {
	Commands map[string]string // name → package

	once   sync.Once
	folder string // "" before anything was built
	err    error
}

// Folder builds the programs, if that was not done yet, and returns the folder that they are in.
func (p *Programs) Folder(t testing.TB) string {
	t.Helper()
	p.once.Do(func() {
		if p.folder, p.err = os.MkdirTemp("", "flowhost-test"); p.err == nil {
			p.err = build(p.folder, p.Commands)
		}
	})
	if p.err != nil {
		t.Fatal(p.err)
	}
	return p.folder
}

// Remove removes what was built.
func (p *Programs) Remove() { _ = os.RemoveAll(p.folder) }
