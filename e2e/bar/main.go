package bar

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Main is all that a program does that measures, once its flags are read. What it measures with gets a folder of its own, has until timeout
// or an interrupt, and returns how many bars were missed. With one missed, or an error, the program ends with 1.
func Main(program string, timeout time.Duration, measure func(ctx context.Context, dir string) (missed int, err error)) {
	missed, err := inFolder(program, timeout, measure)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", program, err)
	}
	if err != nil || missed > 0 {
		os.Exit(1)
	}
}

func inFolder(program string, timeout time.Duration, measure func(context.Context, string) (int, error)) (missed int, err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	dir, err := os.MkdirTemp("", program)
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	return measure(ctx, dir)
}
