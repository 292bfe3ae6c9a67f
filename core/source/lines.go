package source

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"sync"

	"github.com/hashicorp/go-hclog"
)

// crashes begins what Go's runtime writes when it ends a process: SIGSEGV, SIGABRT and others in C code or in the runtime itself.
var crashes = regexp.MustCompile(`^(panic|fatal error|SIG[A-Z]+|runtime/cgo): `)

// maxLine is how much of a line is kept.
const maxLine = 4 << 10

// lines takes what a plugin writes to standard error, or to standard output after the handshake, and logs it line by line.
type lines struct {
	log hclog.Logger
	assembler

	mu    sync.Mutex
	limit *limiter
	final string // the last line; of a crash the first one, which is the one that says why
	crash bool
}

func newLines(log hclog.Logger) *lines {
	l := &lines{log: log, limit: newLimiter(log)}
	l.assembler.line = l.line
	return l
}

// stream returns a writer for one more stream, which is cut into lines by itself.
func (l *lines) stream() io.Writer { return &assembler{line: l.line} }

// last returns the line that most likely tells why the process ended.
func (l *lines) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.final
}

func (l *lines) line(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.crash {
		l.final, l.crash = text, crashes.MatchString(text)
	}
	switch {
	case !l.limit.allowed():
	case l.crash:
		l.log.Error("plugin wrote: " + text)
	default:
		l.log.Info("plugin wrote: " + text)
	}
}

// assembler cuts a stream into lines. Empty lines are left out, and what is over maxLine.
type assembler struct {
	line func(string)
	rest []byte
}

// Write never fails.
func (a *assembler) Write(b []byte) (int, error) {
	n := len(b)
	for {
		part, after, ended := bytes.Cut(b, []byte{'\n'})
		a.rest = append(a.rest, part[:min(len(part), maxLine-len(a.rest))]...)
		if !ended {
			return n, nil
		}
		if text := strings.TrimRight(string(a.rest), "\r "); text != "" {
			a.line(strings.ToValidUTF8(text, "\uFFFD"))
		}
		a.rest, b = a.rest[:0], after
	}
}
