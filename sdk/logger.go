package sdk

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/hashicorp/go-hclog"

	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

const (
	maxLines     = 1024    // that wait for the host
	maxLineBytes = 8 << 10 // of a message, and of each field
	maxFields    = 64      // names and values together
)

// logRing keeps the last lines that the host has not taken yet. When it is full the oldest line goes and is counted: what
// happened last is what is asked for.
type logRing struct {
	level hclog.Level // what is below it is not kept
	wake  chan struct{}

	mu      sync.Mutex
	lines   []*pb.Log
	dropped uint64
}

func newLogRing(level hclog.Level) *logRing {
	return &logRing{level: level, wake: make(chan struct{}, 1)}
}

// logger returns a logger that writes to the ring alone.
func (r *logRing) logger() hclog.Logger {
	l := hclog.NewInterceptLogger(&hclog.LoggerOptions{Level: r.level, Output: io.Discard, IndependentLevels: true})
	l.RegisterSink(r)
	return l
}

// Accept takes a line from hclog. It never blocks.
func (r *logRing) Accept(name string, level hclog.Level, message string, args ...any) {
	if level < r.level {
		return
	}
	line := &pb.Log{Level: wireLevel(level), Logger: clip(name), Message: clip(message)}
	for i, arg := range args {
		if i == maxFields {
			break
		}
		line.Fields = append(line.Fields, clip(field(arg)))
	}
	r.mu.Lock()
	if len(r.lines) == maxLines {
		r.lines = r.lines[1:]
		r.dropped++
	}
	r.lines = append(r.lines, line)
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// take returns the oldest line, nil when there is none.
func (r *logRing) take() *pb.Log {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.lines) == 0 {
		return nil
	}
	line := r.lines[0]
	r.lines = r.lines[1:]
	line.Dropped, r.dropped = r.dropped, 0
	return line
}

// ship sends lines until done is closed or the session is over.
func (r *logRing) ship(s *session, done <-chan struct{}) {
	for {
		select {
		case <-r.wake:
		case <-done:
			return
		}
		if !r.flush(s) {
			return
		}
	}
}

// flush sends what there is. It returns false when the session is over.
func (r *logRing) flush(s *session) bool {
	for line := r.take(); line != nil; line = r.take() {
		if s.send(&pb.SourceMessage{Message: &pb.SourceMessage_Log{Log: line}}) != nil {
			return false
		}
	}
	return true
}

func field(arg any) string {
	if f, ok := arg.(hclog.Format); ok && len(f) > 0 {
		return fmt.Sprintf(fmt.Sprint(f[0]), f[1:]...)
	}
	return fmt.Sprint(arg)
}

// clip makes s short enough for a message, and valid UTF-8: protobuf refuses to send other strings.
func clip(s string) string {
	if len(s) > maxLineBytes {
		s = s[:maxLineBytes] + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

func wireLevel(l hclog.Level) pb.LogLevel {
	switch l {
	case hclog.Trace:
		return pb.LogLevel_LOG_LEVEL_TRACE
	case hclog.Debug:
		return pb.LogLevel_LOG_LEVEL_DEBUG
	case hclog.Warn:
		return pb.LogLevel_LOG_LEVEL_WARN
	case hclog.Error:
		return pb.LogLevel_LOG_LEVEL_ERROR
	}
	return pb.LogLevel_LOG_LEVEL_INFO
}

func hclogLevel(l pb.LogLevel) hclog.Level {
	switch l {
	case pb.LogLevel_LOG_LEVEL_TRACE:
		return hclog.Trace
	case pb.LogLevel_LOG_LEVEL_DEBUG:
		return hclog.Debug
	case pb.LogLevel_LOG_LEVEL_WARN:
		return hclog.Warn
	case pb.LogLevel_LOG_LEVEL_ERROR:
		return hclog.Error
	}
	return hclog.Info
}
