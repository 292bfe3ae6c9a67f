package ovstest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// running returns the process id in pidfile when that process lives and was started with this very pidfile, else 0. A
// pidfile alone proves nothing: it outlives a SIGKILL, and its number may belong to somebody else by now.
func running(pidfile string) int {
	text, err := os.ReadFile(pidfile)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid <= 0 || !runs(pid, pidfile) {
		return 0
	}
	return pid
}

// runs tells whether the process lives and was started with the pidfile.
func runs(pid int, pidfile string) bool { return startedWith(pid, pidfile) && isAlive(pid) }

// startedWith tells whether the process's arguments name the pidfile.
func startedWith(pid int, pidfile string) bool {
	cmdline, err := os.ReadFile(procPath(pid, "cmdline"))
	return err == nil && slices.Contains(strings.Split(string(cmdline), "\x00"), pidfileFlag(pidfile))
}

// isAlive tells whether the process is there and more than a zombie, which it may remain for ever in a container whose
// first process reaps nobody.
func isAlive(pid int) bool {
	state := processState(pid)
	return state != "" && state != "Z" && state != "X"
}

// processState returns the letter of proc(5) for the process's state, the field behind the command's name in parentheses; ""
// when there is no such process.
func processState(pid int) string { return stateIn(procPath(pid, "stat")) }

// stateIn returns the state that a file like proc(5)'s stat says.
func stateIn(file string) string {
	stat, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) == 0 {
		return ""
	}
	return fields[0]
}

// Freeze stops a process with SIGSTOP, as [Sandbox.Pause] stops a daemon.
func Freeze(t testing.TB, pid int) {
	t.Helper()
	if err := freeze(pid); err != nil {
		t.Fatal(err)
	}
}

// freeze stops a process where it is and waits until all its threads stand still: each goes on after kill(2) has returned until it is next
// scheduled.
func freeze(pid int) error {
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		return fmt.Errorf("stop process %d: %w", pid, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	return Poll(ctx, func() error {
		threads, err := filepath.Glob(procPath(pid, "task/*/stat"))
		if err != nil || len(threads) == 0 {
			return fmt.Errorf("process %d has gone", pid)
		}
		for _, thread := range threads {
			if state := stateIn(thread); state != "T" {
				return fmt.Errorf("%s is in state %q", thread, state)
			}
		}
		return nil
	})
}

func procPath(pid int, name string) string {
	return filepath.Join("/proc", strconv.Itoa(pid), name)
}

func pidfileFlag(pidfile string) string { return "--pidfile=" + pidfile }

// tail returns the last lines of a file, or why it cannot be read.
func tail(path string, lines int) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	if left := len(all) - lines; left > 0 {
		all = append([]string{fmt.Sprintf("(%d lines before)", left)}, all[left:]...)
	}
	return strings.Join(all, "\n")
}
