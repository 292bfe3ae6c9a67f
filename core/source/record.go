package source

import (
	"io"
	"strings"
	"sync"

	"github.com/hashicorp/go-hclog"
)

// What is kept of a source's log for the operator to ask for.
const (
	recordLines = 1000
	recordBytes = 256 << 10
)

// record keeps the last lines of a source's log: its own, and the host's about it.
type record struct {
	mu    sync.Mutex
	lines []string // Invariant: at most recordLines, and recordBytes in all
	bytes int
	end   uint64 // how many lines there have been
}

// recorded returns a logger that writes to log, and of what log's level lets through, to a record.
func recorded(log hclog.Logger) (hclog.Logger, *record) {
	r := new(record)
	both := hclog.NewInterceptLogger(&hclog.LoggerOptions{Level: hclog.Trace, Output: io.Discard})
	kept := hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, Output: r})
	both.RegisterSink(fork{log, kept})
	return both, r
}

// fork is the sink behind a recorded logger.
type fork struct{ log, kept hclog.Logger }

// Accept implements hclog.SinkAdapter.
func (f fork) Accept(name string, level hclog.Level, msg string, args ...any) {
	log, kept := f.log, f.kept
	if level < log.GetLevel() {
		return
	}
	if name != "" {
		log, kept = log.Named(name), kept.Named(name)
	}
	log.Log(level, msg, args...)
	kept.Log(level, msg, args...)
}

// Write takes one entry of the log, which may be of several lines. It never fails.
func (r *record) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSuffix(line, "\n")
		r.lines = append(r.lines, line)
		r.bytes += len(line)
		r.end++
	}
	drop := 0
	for drop < len(r.lines) && (len(r.lines)-drop > recordLines || r.bytes > recordBytes) {
		r.bytes -= len(r.lines[drop])
		r.lines[drop] = ""
		drop++
	}
	r.lines = r.lines[drop:]
	return len(b), nil
}

// Log returns the last lines of what the plugin logged and what was logged about it, after the line numbered after (0: all that are
// kept), and the number of the last of them.
func (s *Source) Log(after uint64) (lines []string, last uint64) {
	r := s.record
	r.mu.Lock()
	defer r.mu.Unlock()
	first := r.end - uint64(len(r.lines))
	skip := min(max(after, first), r.end) - first
	return append([]string{}, r.lines[skip:]...), r.end
}
