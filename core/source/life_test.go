package source

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/flowhost/flowhost/core/swconn/swtest"
)

// handshakes are plugins that print one line where the handshake is due, and stay.
var handshakes = map[string]string{
	"another plugin protocol": "1|99|unix|/nowhere|grpc",
	"another core protocol":   "2|1|unix|/nowhere|grpc",
	"net/rpc":                 "1|1|unix|/nowhere|netrpc",
	"another network":         "1|1|smoke|/nowhere|grpc",
	"no socket":               "1|1|unix|/nowhere|grpc",
	"a broken certificate":    "1|1|unix|/nowhere|grpc|" + strings.Repeat("x", 60),
	"nothing":                 "",
}

func TestWrongProtocol(t *testing.T) {
	for name, want := range map[string]string{
		"another plugin protocol": "incompatible API version with plugin. Plugin version: 99",
		"another core protocol":   "incompatible core API version with plugin. Plugin version: 2",
		"net/rpc":                 `unsupported plugin protocol "netrpc"`,
		"another network":         "unknown address type",
		"no socket":               "/nowhere",
		"a broken certificate":    "server cert",
		"nothing":                 ErrNoHandshake.Error(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			impatient := hasty
			impatient.start = 3 * time.Second
			r := startSourceOn(t, nil, "handshake "+name, impatient)
			if got := r.failed(); !strings.Contains(got, want) || strings.Contains(got, "\n") {
				t.Errorf("last error = %s, want one line that says %s", got, want)
			}
		})
	}
}

// scribblings are what plugins write to standard error: 100 MB, or as many lines as those have.
var scribblings = map[string]struct {
	text  string
	times int // a million bytes
}{
	"lines":         {strings.Repeat("x", 99) + "\n", 100},
	"one long line": {strings.Repeat("x", 100), 100},
	"empty lines":   {strings.Repeat("\n", 100), 10},
	"binary":        {strings.Repeat("\xff\x00\n\x1b", 25), 4},
}

// scribble writes to standard error.
func scribble(text string, times int) {
	block := bytes.Repeat([]byte(text), 10_000)
	for range times {
		if _, err := os.Stderr.Write(block); err != nil {
			return
		}
	}
}

func TestLogsOf100MB(t *testing.T) {
	unhurried := patient
	unhurried.start = time.Minute // it writes before the handshake
	for name := range scribblings {
		t.Run(name, func(t *testing.T) {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			before, peak := m.HeapAlloc, uint64(0)
			r := startSourceOn(t, mustLoop(t).attach, "scribble "+name, unhurried, "FLOWS=10")
			r.until("synced", func(st State) bool { // which it is when all is written
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapAlloc)
				return st.Phase == Synced
			})
			const limit = 32 << 20
			if peak > before+limit {
				t.Errorf("peak of %d MiB above %d MiB, want at most %d", (peak-before)>>20, before>>20, limit>>20)
			}
			if n := len(r.log.String()); n > 2<<20 {
				t.Errorf("%d bytes of log", n)
			}
			lines, _ := r.Log(0)
			if n := len(strings.Join(lines, "")); n > recordBytes {
				t.Errorf("%d bytes are kept", n)
			}
		})
	}
}

func mustLoop(t *testing.T) *fakeLoop {
	t.Helper()
	loop, err := newFakeLoop("test")
	if err != nil {
		t.Fatal(err)
	}
	return loop
}

// TestStartOrderIsFree starts two plugins and the switch in every order: the switch ends with the flows of both.
func TestStartOrderIsFree(t *testing.T) {
	for _, order := range []string{"abs", "asb", "bas", "bsa", "sab", "sba"} {
		t.Run(order, func(t *testing.T) {
			sw := swtest.New()
			sw.Hang(!strings.HasPrefix(order, "s"))
			loop := startLoop(t, sw, "a", "b")
			for i, who := range order {
				if who == 's' {
					sw.Hang(false)
					continue
				}
				p := plugged(t, "good", fmt.Sprint("FLOWS=", 10*(i+1)), "OFFSET="+map[rune]string{'a': "0", 'b': "1000"}[who])
				p.Name = string(who)
				r := startPlugin(t, ToLoop(loop), hasty, p)
				r.until("connected", func(st State) bool { return st.Phase == Syncing || st.Phase == Synced })
			}
			want := 10*(strings.IndexByte(order, 'a')+1) + 10*(strings.IndexByte(order, 'b')+1)
			for end := time.Now().Add(20 * time.Second); len(sw.Flows()) != want && time.Now().Before(end); {
				time.Sleep(5 * time.Millisecond)
			}
			if n := len(sw.Flows()); n != want {
				t.Errorf("%d flows in the switch, want %d", n, want)
			}
		})
	}
}
