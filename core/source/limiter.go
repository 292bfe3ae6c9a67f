package source

import (
	"time"

	"github.com/hashicorp/go-hclog"
)

// How many lines a plugin may put into the host's log.
const (
	linesPerSecond = 100
	linesAtOnce    = 1000
)

// limiter keeps a plugin from flooding the host's log: a token bucket that counts what it refused. It belongs to one goroutine.
type limiter struct {
	log     hclog.Logger
	tokens  float64
	at      time.Time
	refused int
}

func newLimiter(log hclog.Logger) *limiter {
	return &limiter{log: log, tokens: linesAtOnce, at: time.Now()}
}

// allowed says whether one more line may be written. It logs how many were not since the last that was.
func (l *limiter) allowed() bool {
	now := time.Now()
	l.tokens = min(linesAtOnce, l.tokens+now.Sub(l.at).Seconds()*linesPerSecond)
	l.at = now
	if l.tokens < 1 {
		l.refused++
		return false
	}
	l.tokens--
	if l.refused > 0 {
		l.log.Warn("lines of the plugin left out: too many", "lines", l.refused)
		l.refused = 0
	}
	return true
}
