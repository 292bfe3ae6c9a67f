package fault

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flowhost/flowhost/e2e/cloud"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// A clock is set for one machine's programs only: what they add to the time is in a file. Programs in C have it from libfaketime. Those in
// Go, which ask nobody that could lie to them, are built with a package time of the standard library that looks into it; the
// program's own code is the one that is always built.
const (
	clockFile   = "/run/clock"
	clockFolder = "with-clock" // in the folder of programs
)

// clockSource is added to package time, which has no other package to read a file with. The clock is read where nothing may be waited for,
// so the file is read beside that.
const clockSource = `package time

import "sync/atomic"

var clockOffset atomic.Int64

func init() {
	go func() {
		for {
			clockOffset.Store(readClock())
			Sleep(10 * Millisecond)
		}
	}()
}

func readClock() (seconds int64) {
	fd, err := open("` + clockFile + `")
	if err != nil {
		return 0
	}
	defer closefd(fd)
	var b [32]byte
	n, _ := read(fd, b[:])
	for _, digit := range b[:max(n, 0)] {
		if '0' <= digit && digit <= '9' {
			seconds = seconds*10 + int64(digit-'0')
		}
	}
	if b[0] == '-' {
		return -seconds
	}
	return seconds
}
`

// buildWithClock builds the programs once more, into a folder in the folder.
func buildWithClock(t *testing.T, folder string) {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	original := filepath.Join(strings.TrimSpace(string(root)), "src", "time", "time.go")
	text, err := os.ReadFile(original)
	if err != nil {
		t.Fatal(err)
	}
	const reading = "\tsec, nsec, mono := runtimeNow()\n"
	patched := strings.Replace(string(text), reading, reading+"\tsec += clockOffset.Load()\n", 1)
	if patched == string(text) {
		t.Fatalf("%s does not read the clock as this test knows it", original)
	}
	work := t.TempDir()
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {
		original: write(t, work, "time.go", patched),
		filepath.Join(filepath.Dir(original), "clock_offset.go"): write(t, work, "clock_offset.go", clockSource),
	}})
	if err != nil {
		t.Fatal(err)
	}
	ovstest.Build(t, filepath.Join(folder, clockFolder), cloud.Flowhosts(), "-overlay="+write(t, work, "overlay.json", string(overlay)))
}

func write(t *testing.T, folder, name, text string) (path string) {
	t.Helper()
	path = filepath.Join(folder, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// day is how far the clock jumps.
const day = 24 * 60 * 60

// startWithClock starts all daemons of both sides again so that their clocks can be set. What the system tells of its time since boot stays
// as it is, as when a clock is set.
func (s *scene) startWithClock(t *testing.T) {
	for _, side := range s.sides() {
		side.Setup(`library=$(ls /usr/lib/*/faketime/libfaketime.so.1)
			export LD_PRELOAD=$library FAKETIME_TIMESTAMP_FILE=` + clockFile + ` FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1`)
		side.setClock(t, 0)
	}
	s.own.SetPrograms(cloud.Programs + "/" + clockFolder)
	for _, side := range s.sides() {
		side.Restart(t, side.Daemons()...)
	}
}

func (side *side) setClock(t *testing.T, seconds int) {
	t.Helper()
	side.Run(t, fmt.Sprintf("unset LD_PRELOAD; echo %+d >%[2]s.new; mv %[2]s.new %[2]s", seconds, clockFile))
}

// jump sets the clocks a day ahead, then a day back behind what they were, and right again. What happens meanwhile must work: a plugin is
// killed after each, and its end must be logged with the clock's date, as must something of Open vSwitch's.
func (s *scene) jump(t *testing.T) {
	for _, seconds := range []int{day, -day, 0} {
		for _, side := range s.sides() {
			side.setClock(t, seconds)
		}
		s.own.KillPlugin(t, "neighbor")
		time.Sleep(2 * time.Second)
		s.own.AwaitFlowhost(t, s.own.flows)
		date := time.Now().UTC().Add(time.Duration(seconds) * time.Second).Format(time.DateOnly)
		s.own.Run(t, "tail -n 5 /run/log/flowhost.log | grep -q ^"+date)
		for _, side := range s.sides() {
			side.Run(t, "cd /run/log; mv ovs-vswitchd.log ovs-vswitchd.before.log; ovs-appctl vlog/reopen\n"+
				"tail -n 1 ovs-vswitchd.log | grep -q ^"+date)
		}
	}
}
