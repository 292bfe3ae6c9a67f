package swtest

import "time"

// Slow makes the switch wait before it handles each message.
func (s *Switch) Slow(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pause = d
}

// Hang makes the switch stop reading from all connections, as an ovs-vswitchd does whose main loop stands still; Hang(false)
// lets it go on.
func (s *Switch) Hang(hang bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hanging = hang
	s.goOn.Broadcast()
}

// Say sends any bytes to all connections.
func (s *Switch) Say(bytes []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.out.send(bytes)
	}
}

// Mute makes the switch tell nobody what changes, as one does whose reports are lost; Mute(false) lets it tell again, but not
// what has changed meanwhile.
func (s *Switch) Mute(mute bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mute = mute
}

// Restart breaks all connections and forgets everything but the ports, as an ovs-vswitchd does that is started anew.
func (s *Switch) Restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.crash()
}

// crash is Restart; the switch is locked.
func (s *Switch) crash() {
	s.forget()
	s.log.Crashes++
	for c := range s.conns {
		c.nc.Close()
	}
}

// wait holds a connection's reader up as long as Hang and Slow want it to. It is false when the switch is closed.
func (s *Switch) wait() bool {
	s.mu.Lock()
	for s.hanging && !s.closed {
		s.goOn.Wait()
	}
	pause, closed := s.pause, s.closed
	s.mu.Unlock()
	if pause > 0 && !closed {
		time.Sleep(pause)
	}
	return !closed
}
