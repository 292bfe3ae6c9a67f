package source

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	pb "github.com/flowhost/flowhost/sdk/proto/flowhost/v1"
)

// Source is one configured plugin: its process, again and again, and its session.
type Source struct {
	Config  // Plugin belongs to the goroutine in Run
	log     hclog.Logger
	record  *record // the last lines of log
	timing  timing
	state   stateBox
	session atomic.Pointer[session] // nil when there is none

	wake chan struct{}          // capacity 1: something of the following has changed
	held atomic.Bool            // not to run, until the operator says so
	next atomic.Pointer[Plugin] // from the next process on; nil: as it is
}

// Why a life ended that the operator ended.
var (
	errRestart = errors.New("restarted by the operator")
	errHeld    = errors.New("stopped by the operator")
)

// New makes a Source that does not run yet.
func New(c Config) *Source {
	log, record := recorded(c.Logger.With("plugin", c.Plugin.Name))
	s := &Source{Config: c, log: log, record: record, timing: patient, wake: make(chan struct{}, 1)}
	s.state.update(func(st *State) { st.Name, st.Phase = c.Plugin.Name, Stopped })
	return s
}

// State tells how the source is. It may be called from any goroutine.
func (s *Source) State() State {
	st := s.state.get()
	if ses := s.session.Load(); ses != nil {
		st.Dropped = ses.told.dropped()
	}
	return st
}

// Run starts the plugin, and again whenever it ends and is to be started again, until ctx does. Then it asks the plugin to exit,
// kills it if it does not, and returns when the process is gone: ErrDeadline when it had to be killed, nil otherwise.
//
// It occupies an operating system thread: the kernel kills the plugin with the thread that started it (prctl(2),
// PR_SET_PDEATHSIG), so that thread has to be one that lives on.
func (s *Source) Run(ctx context.Context) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer s.state.enter(Stopped)
	pause := backoff{timing: s.timing}
	for s.mayRun(ctx) {
		if next := s.next.Swap(nil); next != nil {
			s.Plugin = *next
		}
		began := time.Now()
		err := s.life(ctx)
		if ctx.Err() != nil {
			if errors.Is(err, ErrDeadline) {
				s.log.Warn("plugin killed", "reason", err)
				return err
			}
			return nil
		}
		s.rest(ctx, &pause, err, time.Since(began))
	}
	return nil
}

// mayRun waits while the source is held, and says whether it is to be started.
func (s *Source) mayRun(ctx context.Context) bool {
	for s.held.Load() && ctx.Err() == nil {
		s.state.enter(Stopped)
		select {
		case <-s.wake:
		case <-ctx.Done():
		}
	}
	return ctx.Err() == nil
}

// rest is what follows a life that ended for err: a pause, or the end of it if the source is not to be started again.
func (s *Source) rest(ctx context.Context, pause *backoff, err error, lived time.Duration) {
	wait := time.Duration(0)
	switch {
	case errors.Is(err, errHeld), errors.Is(err, errRestart):
		s.log.Info("plugin ended; its flows stay", "reason", err)
	case s.Plugin.Restart == Never, s.Plugin.Restart == OnFailure && errors.Is(err, ErrFinished):
		s.held.Store(true)
		s.log.Error("plugin ended; its flows stay, and it is not started again", "reason", err, "restart", s.Plugin.Restart)
	default:
		wait = pause.after(lived, s.Plugin.BackoffMax)
		s.log.Error("plugin ended; its flows stay, and it is started again", "reason", err, "in", wait, "in_a_row", pause.failures)
	}
	s.state.update(func(st *State) {
		st.Phase, st.LastError, st.PID, st.Ready, st.Text = pause.phase(), err.Error(), 0, false, ""
		if s.held.Load() {
			st.Phase = Stopped
		} else {
			st.Restarts++
		}
	})
	if s.held.Load() {
		return
	}
	select {
	case <-time.After(wait):
	case <-s.wake:
	case <-ctx.Done():
	}
}

// Restart ends the plugin in good order and starts it again at once; out of a pause or after Stop, too. It does not wait for either.
func (s *Source) Restart() {
	s.held.Store(false)
	s.stir()
}

// Stop ends the plugin in good order, and it is not started again before Start or Restart. Its flows stay, for its owner's grace. It
// does not wait for the end.
func (s *Source) Stop() {
	s.held.Store(true)
	s.stir()
}

// Start starts the plugin if it was stopped.
func (s *Source) Start() {
	if s.held.CompareAndSwap(true, false) {
		s.stir()
	}
}

// Reconfigure restarts the plugin in another way; its name stays. One that is stopped is not started for it.
func (s *Source) Reconfigure(p Plugin) {
	s.next.Store(&p)
	if !s.held.Load() {
		s.stir()
	}
}

// stir makes Run look at what the operator wants.
func (s *Source) stir() {
	select {
	case s.wake <- struct{}{}:
	default: // it has not looked since the last time
	}
}

// Resync asks the source to say everything again. It does nothing while there is no session.
func (s *Source) Resync(reason string) {
	if ses := s.session.Load(); ses != nil {
		ses.told.say(&pb.HostMessage{Message: &pb.HostMessage_Resync{Resync: &pb.Resync{Reason: reason}}})
	}
}

// life is one process and its session. It returns why it ended.
func (s *Source) life(ctx context.Context) error {
	s.state.enter(Starting)
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	go func() {
		select {
		case <-s.wake:
			if s.held.Load() {
				end(errHeld)
			}
			end(errRestart)
		case <-ctx.Done():
		}
	}()
	start := s.start
	if s.Connect != nil {
		start = s.reach
	}
	p, err := start(ctx)
	if err != nil {
		return reasonToEnd(ctx, err)
	}
	s.state.update(func(st *State) { st.PID = p.pid })
	err = s.converse(ctx, p)
	patience := s.timing.exit
	if cutOff(err) || ctx.Err() != nil {
		patience = 0
	}
	return reasonToEnd(ctx, endReason(err, p.end(patience, s.timing.reap), p.last()))
}

// reasonToEnd is err, unless it came of what the operator wanted.
func reasonToEnd(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if (errors.Is(cause, errRestart) || errors.Is(cause, errHeld)) && !errors.Is(err, ErrDeadline) {
		return cause
	}
	return err
}

// cutOff says whether it was the host that ended the session.
func cutOff(err error) bool {
	for _, reason := range []error{ErrHung, ErrSlowReader, ErrDeadline, ErrProtocol} {
		if errors.Is(err, reason) {
			return true
		}
	}
	return false
}
