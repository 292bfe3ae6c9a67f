package machine

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Build builds commands into a folder, for machines: name → package. The same source makes the same bytes.
func Build(t testing.TB, folder string, commands map[string]string, flags ...string) {
	t.Helper()
	for name, source := range commands {
		args := append([]string{"build", "-trimpath", "-buildvcs=false", "-o", filepath.Join(folder, name)}, flags...)
		build := exec.Command("go", append(args, source)...)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatal(fmt.Errorf("go build %s: %w\n%s", source, err, out))
		}
	}
}
