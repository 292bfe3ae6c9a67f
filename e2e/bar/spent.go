package bar

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of the times in /proc/PID/stat: USER_HZ is 100 on all of Linux's common machines (proc(5)).
const tick = 10 * time.Millisecond

// CPU is the CPU time that a process has used so far, in user and kernel; 0 if there is none.
func CPU(pid int) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The fields behind the command's name in parentheses, which may hold anything, begin with field 3.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	user, _ := strconv.Atoi(fields[14-3])
	system, _ := strconv.Atoi(fields[15-3])
	return time.Duration(user+system) * tick
}

// FineCPU is the CPU time that a process's threads have used so far, where [CPU]'s ticks are too coarse: of those that are there (the first
// field of /proc/PID/task/TID/schedstat, in nanoseconds; Documentation/scheduler/sched-stats.rst in Linux). An error where Linux was built
// without that.
func FineCPU(pid int) (sum time.Duration, err error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(files) == 0 {
		return 0, fmt.Errorf("process %d has no schedstat: %w", pid, cmp.Or(err, os.ErrNotExist))
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // that thread has ended
		}
		var used int64
		if _, err := fmt.Sscan(string(text), &used); err != nil {
			return 0, fmt.Errorf("%s: %w", file, err)
		}
		sum += time.Duration(used)
	}
	return sum, nil
}

// Memory is a process's resident memory in bytes.
func Memory(pid int) (int64, error) { return memory(pid, "VmRSS") }

// Peak is the most that it ever was.
func Peak(pid int) (int64, error) { return memory(pid, "VmHWM") }

// memory reads a line of /proc/PID/status (proc(5)).
func memory(pid int, name string) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(status), name+":")
	var kilobytes int64
	if _, err := fmt.Sscanf(rest, "%d kB", &kilobytes); err != nil {
		return 0, fmt.Errorf("%s of process %d: %w", name, pid, err)
	}
	return kilobytes << 10, nil
}
