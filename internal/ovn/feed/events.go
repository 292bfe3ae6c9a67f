package feed

import (
	"sync"

	"github.com/flowhost/flowhost/sdk"
)

// events is what the host has said and nobody has taken yet.
type events struct {
	news chan struct{} // has room for one

	mu        sync.Mutex
	state     *sdk.SwitchState // the last
	installed sdk.Revision     // the last
	resync    bool             // it wants to be told everything again
	marks     []sdk.MarkInstalled
}

// collect reads events to their end, so that they do not pile up while something is being committed.
func collect(from <-chan sdk.Event) *events {
	e := &events{news: make(chan struct{}, 1)}
	go func() {
		for event := range from {
			e.put(event)
		}
	}()
	return e
}

func (e *events) put(event sdk.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch event := event.(type) {
	case sdk.SwitchState:
		e.state = &event
	case sdk.Installed:
		e.installed = event.Revision
	case sdk.Resync:
		e.resync = true
	case sdk.MarkInstalled:
		e.marks = append(e.marks, event)
	default:
		return
	}
	select {
	case e.news <- struct{}{}:
	default:
	}
}

// said is what events were taken off.
type said struct {
	state     *sdk.SwitchState // nil: none
	installed sdk.Revision
	resync    bool
	marks     []sdk.MarkInstalled
}

func (e *events) take() said {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := said{e.state, e.installed, e.resync, e.marks}
	e.state, e.resync, e.marks = nil, false, nil
	return now
}
