package sdk

import (
	"fmt"
	"os"
	"syscall"
	"time"
)

// parentPeriod is how often the parent is looked at. It matters only for a host that dies while it has no session with this
// process: otherwise the end of the stream tells.
const parentPeriod = time.Second

// exitWithParent ends the process when it gets another parent: the host that started it is gone.
func exitWithParent(parent int) {
	for range time.Tick(parentPeriod) {
		if os.Getppid() != parent {
			os.Exit(1)
		}
	}
}

// claimStdout keeps standard output for the handshake line: from now on file descriptor 1 is standard error, and only os.Stdout
// (which go-plugin writes the line to, and then replaces) still reaches the host's end of the pipe. So a C library or a child
// process cannot get in between.
func claimStdout() error {
	stdout, err := syscall.Dup(1)
	if err != nil {
		return fmt.Errorf("take standard output: %w", err)
	}
	syscall.CloseOnExec(stdout)
	if err := syscall.Dup3(2, 1, 0); err != nil {
		return fmt.Errorf("lead standard output to standard error: %w", err)
	}
	os.Stdout = os.NewFile(uintptr(stdout), "/dev/stdout")
	return nil
}
