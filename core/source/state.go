package source

import (
	"sync"
	"time"
)

// Phase is where a source is in its life.
type Phase string

const (
	Starting  Phase = "starting"   // from exec to the open session
	Syncing   Phase = "syncing"    // the session is open, SyncDone has not been said
	Synced    Phase = "synced"     // SyncDone has been said
	Backoff   Phase = "backoff"    // the process ended and will be started again
	CrashLoop Phase = "crash-loop" // as Backoff, after crashLoop failures in a row
	Stopped   Phase = "stopped"    // the operator stopped it, or it is not to be started again; or Run does not run
)

// crashLoop is how many processes in a row have to end early until the operator is told that this will not get better by itself.
const crashLoop = 5

// State is how a source is, for the operator.
type State struct {
	Name      string
	Phase     Phase
	Since     time.Time // of the phase
	PID       int       // 0 when there is no process
	Restarts  int       // processes started after the first
	LastError string    // why the last process ended; empty while none has
	Version   string    // the plugin's name and version of itself, from its Hello
	Commands  []string  // that it takes (see Source.Command)
	Dropped   uint64    // packets left out because it did not take them, in this session
	Ready     bool      // what the source says of itself
	Text      string    // what the source says of itself, one line
}

// stateBox is the State that Run keeps and anybody reads.
type stateBox struct {
	mu    sync.Mutex
	state State
}

func (b *stateBox) get() State {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state
}

// update changes the state, and Since with the phase.
func (b *stateBox) update(change func(*State)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := b.state.Phase
	change(&b.state)
	if b.state.Phase != before {
		b.state.Since = time.Now()
	}
}

// enter goes into a phase.
func (b *stateBox) enter(p Phase) { b.update(func(s *State) { s.Phase = p }) }
