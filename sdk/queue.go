package sdk

// maxEvents is how many events wait for the author. When there are more the session is not read any more, and the host, which
// notices, cuts it off.
const maxEvents = 1 << 17

// eventQueue lies between the goroutine that receives and the author's. It grows as needed, so that an author who commits and
// reads events in one goroutine is not in its own way.
type eventQueue struct{ in, out chan Event }

func newEventQueue() *eventQueue {
	return &eventQueue{in: make(chan Event), out: make(chan Event)}
}

// push adds an event, or gives up when done is closed.
func (q *eventQueue) push(e Event, done <-chan struct{}) {
	select {
	case q.in <- e:
	case <-done:
	}
}

// run hands on the events in order until done is closed, and closes out then.
func (q *eventQueue) run(done <-chan struct{}) {
	defer close(q.out)
	var waiting []Event
	for {
		in := q.in
		if len(waiting) >= maxEvents {
			in = nil
		}
		var out chan Event
		var first Event
		if len(waiting) > 0 {
			out, first = q.out, waiting[0]
		}
		select {
		case e := <-in:
			waiting = append(waiting, e)
		case out <- first:
			waiting[0] = nil
			waiting = waiting[1:]
		case <-done:
			return
		}
	}
}
