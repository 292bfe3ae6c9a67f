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
	Config
	log     hclog.Logger
	timing  timing
	state   stateBox
	restart chan struct{}          // capacity 1
	out     atomic.Pointer[outbox] // of the session; nil when there is none
}

// errRestart ends a life that Restart ended.
var errRestart = errors.New("restarted by the operator")

// New makes a Source that does not run yet.
func New(c Config) *Source {
	s := &Source{Config: c, log: c.Logger.With("plugin", c.Plugin.Name), timing: patient, restart: make(chan struct{}, 1)}
	s.state.update(func(st *State) { st.Name, st.Phase = c.Plugin.Name, Stopped })
	return s
}

// State tells how the source is. It may be called from any goroutine.
func (s *Source) State() State { return s.state.get() }

// Run starts the plugin, and again whenever it ends, until ctx does. Then it asks the plugin to exit, kills it if it does not,
// and returns when the process is gone: ErrDeadline when it had to be killed, nil otherwise.
//
// It occupies an operating system thread: the kernel kills the plugin with the thread that started it (prctl(2),
// PR_SET_PDEATHSIG), so that thread has to be one that lives on.
func (s *Source) Run(ctx context.Context) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer s.state.enter(Stopped)
	pause := backoff{timing: s.timing}
	for {
		began := time.Now()
		err := s.life(ctx)
		if ctx.Err() != nil {
			if errors.Is(err, ErrDeadline) {
				s.log.Warn("plugin killed", "reason", err)
				return err
			}
			return nil
		}
		wait := time.Duration(0)
		if !errors.Is(err, errRestart) {
			wait = pause.after(time.Since(began))
			s.log.Error("plugin ended; its flows stay, and it is started again", "reason", err, "in", wait, "in_a_row", pause.failures)
		}
		s.state.update(func(st *State) {
			st.Phase, st.LastError, st.PID, st.Ready, st.Text = pause.phase(), err.Error(), 0, false, ""
			st.Restarts++
		})
		select {
		case <-time.After(wait):
		case <-s.restart:
		case <-ctx.Done():
			return nil
		}
	}
}

// Restart ends the plugin in good order and starts it again at once; out of a pause, too. It does not wait for either.
func (s *Source) Restart() {
	select {
	case s.restart <- struct{}{}:
	default: // one is asked for already
	}
}

// Resync asks the source to say everything again. It does nothing while there is no session.
func (s *Source) Resync(reason string) {
	if out := s.out.Load(); out != nil {
		out.say(&pb.HostMessage{Message: &pb.HostMessage_Resync{Resync: &pb.Resync{Reason: reason}}})
	}
}

// life is one process and its session. It returns why it ended.
func (s *Source) life(ctx context.Context) error {
	s.state.enter(Starting)
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	go func() {
		select {
		case <-s.restart:
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

// reasonToEnd is err, unless it came of a restart.
func reasonToEnd(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errRestart) && !errors.Is(err, ErrDeadline) {
		return errRestart
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
