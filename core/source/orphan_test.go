package source

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
)

// playHost is the host of the test below, in a process of its own: it says its plugin's process id, and stays.
func playHost() {
	loop, err := newFakeLoop("test")
	if err != nil {
		fmt.Println(err)
		return
	}
	self, _ := os.Executable()
	s := New(Config{
		Plugin: Plugin{Name: "test", Path: self, Env: []string{"PLAY=stubborn"}},
		Attach: loop.attach, RunDir: os.Getenv("RUN_DIR"), Logger: hclog.NewNullLogger(),
	})
	go func() { _ = s.Run(context.Background()) }()
	for s.State().Phase != Syncing {
		time.Sleep(time.Millisecond)
	}
	fmt.Println(s.State().PID)
	select {}
}

func TestHostKilledLeavesNoOrphan(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "src")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	host := exec.Command(self)
	host.Env = []string{"PLAY_HOST=1", "RUN_DIR=" + dir}
	out, err := host.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	plugin, convErr := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || convErr != nil || !alive(plugin) {
		t.Errorf("host said %q, %v", line, err)
	}
	if err := host.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = host.Wait()
	gone(t, plugin)
}
