package bar

import (
	"os"
	"testing"
	"time"
)

// Both ways to count come to the same, but for a few ticks, and rise with what is done.
func TestCPU(t *testing.T) {
	before, err := FineCPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for start := CPU(os.Getpid()); CPU(os.Getpid())-start < 5*tick; {
	}
	after, err := FineCPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if used := after - before; used < 3*tick || used > time.Second {
		t.Errorf("%v were used while 5 ticks were", used)
	}
	if _, err := FineCPU(1 << 30); err == nil {
		t.Error("a process that is not there has used something")
	}
}
