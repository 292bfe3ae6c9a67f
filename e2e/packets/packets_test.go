package packets

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/flowhost/flowhost/e2e/cloud"
	"github.com/flowhost/flowhost/internal/ovstest"
)

// settle is how long what was said to the northbound database may take to be seen in packets.
const settle = 30 * time.Second

var cases = []struct {
	name string
	test func(*scene, *testing.T)
}{
	{"reach", (*scene).reach},
	{"access lists", (*scene).accessLists},
	{"address translation", (*scene).addressTranslation},
	{"load balancer", (*scene).loadBalancer},
	{"hairpin", (*scene).hairpin},
}

// TestTakeOver has flowhost go on with what ovn-controller has made of the nodes.
func TestTakeOver(t *testing.T) {
	s := newScene(t, (*cloud.Node).StartController)
	for _, s.who = range rounds() {
		if s.who == cloud.Flowhost {
			for _, n := range s.Nodes {
				n.TakeOver(t)
			}
		}
		s.test(t)
	}
}

// TestAlone has flowhost alone on nodes that never had ovn-controller.
func TestAlone(t *testing.T) {
	s := newScene(t, (*cloud.Node).StartFlowhost)
	s.who = "flowhost alone"
	s.test(t)
}

func (s *scene) test(t *testing.T) {
	for _, c := range cases {
		if !t.Run(s.who+"/"+c.name, func(t *testing.T) { c.test(s, t) }) {
			t.FailNow() // the next goes on from this one
		}
	}
}

// rounds are who does the flows, one after the other. `make test`, which asks for no kind of machine, has flowhost's only.
func rounds() []string {
	if os.Getenv("FLOWHOST_E2E") == "" {
		return []string{cloud.Flowhost}
	}
	return []string{cloud.Controller, cloud.Flowhost}
}

// say prints a figure of the one that is tested.
func (s *scene) say(format string, args ...any) {
	fmt.Printf("packets %s: %s\n", s.who, fmt.Sprintf(format, args...))
}

// none fails the test when flowhost has lost something. What ovn-controller loses is printed only.
func (s *scene) none(t *testing.T, what string, l cloud.Loss) {
	t.Helper()
	s.say("%s: %v", what, l)
	if l.Lost > 0 && s.who != cloud.Controller {
		t.Errorf("%s: %v", what, l)
	}
}

// reach pings and connects to each workload from one: on its node and on another, in its subnet and, by a router, in another.
func (s *scene) reach(t *testing.T) {
	for _, to := range []*cloud.Workload{s.b, s.c, s.d, s.e} {
		s.a.Ping(t, ip(to), settle)
		pings := s.a.During(t, ip(to), func() { time.Sleep(time.Second / 2) })
		s.none(t, "ping "+to.Name, pings)
		calls := s.a.Call(t, ip(to)+":80", 50)
		s.none(t, "TCP to "+to.Name, calls.Loss)
		if want := to.Name + " " + ip(s.a); calls.Answers[want] != calls.Sent-calls.Lost {
			t.Errorf("TCP to %s: answers %v; want only %q", to.Name, calls.Answers, want)
		}
	}
}

// accessLists has ACLs of which one drops what another allows: what is dropped is dropped, what is allowed and its answers are not,
// and nothing that they do not mean is lost when one comes and goes.
func (s *scene) accessLists(t *testing.T) {
	forbidden, allowed := ip(s.b)+":81", ip(s.b)+":80"
	if got := s.a.Call(t, forbidden, 20); got.Lost != got.Sent {
		t.Errorf("what an ACL drops is answered: %v", got)
	}
	pings, calls := s.a.StartPing(t, ip(s.b)), s.a.StartCalls(t, ip(s.c)+":80")
	far := s.c.StartCalls(t, allowed)
	s.Central.NB(t, `acl-add ls0 to-lport 1001 'outport == "b" && ip4.src == `+ip(s.a)+` && tcp.dst == 80' drop`)
	s.await(t, s.a, allowed, func(c cloud.Calls) bool { return c.Lost == c.Sent })
	if got := s.a.Call(t, allowed, 20); got.Lost != got.Sent {
		t.Errorf("what an ACL drops since it has changed is answered: %v", got)
	}
	s.Central.NB(t, `acl-del ls0 to-lport 1001 'outport == "b" && ip4.src == `+ip(s.a)+` && tcp.dst == 80'`)
	s.await(t, s.a, allowed, func(c cloud.Calls) bool { return c.Lost == 0 })
	s.none(t, "an ACL comes and goes, TCP again", s.a.Call(t, allowed, 20).Loss)
	s.none(t, "an ACL comes and goes, ping beside it", pings.Stop(t))
	s.none(t, "an ACL comes and goes, TCP beside it", calls.Stop(t).Loss)
	s.none(t, "an ACL comes and goes, TCP of another that it does not mean", far.Stop(t).Loss)
}

// addressTranslation goes out with a source address of the router's, in to an address that stands for a workload, and out from that.
func (s *scene) addressTranslation(t *testing.T) {
	out, in := ip(s.outside)+":80", forE+":80"
	s.answers(t, s.a, out, s.outside.Name+" "+shared)
	s.answers(t, s.e, out, s.outside.Name+" "+forE)
	s.answers(t, s.outside, in, s.e.Name+" "+ip(s.outside))
	s.outside.Ping(t, forE, settle)

	pings, calls := s.a.StartPing(t, ip(s.outside)), s.a.StartCalls(t, out)
	moved := s.outside.StartCalls(t, in)
	s.translate(t, s.d)
	s.await(t, s.outside, in, func(c cloud.Calls) bool { return c.By(s.d) == c.Sent })
	s.answers(t, s.d, out, s.outside.Name+" "+forE)
	s.answers(t, s.e, out, s.outside.Name+" "+shared)
	s.translate(t, s.e)
	s.await(t, s.outside, in, func(c cloud.Calls) bool { return c.By(s.e) == c.Sent })
	s.none(t, "a translation changes twice, ping by another", pings.Stop(t))
	s.none(t, "a translation changes twice, TCP by another", calls.Stop(t).Loss)
	s.say("a translation changes twice, TCP by itself: %v", moved.Stop(t).Loss)
}

// answers makes sure that connections are answered as wanted, and no other way.
func (s *scene) answers(t *testing.T, from *cloud.Workload, to, want string) {
	t.Helper()
	s.await(t, from, to, func(c cloud.Calls) bool { return c.Answers[want] > 0 })
	if got := from.Call(t, to, 20); got.Answers[want] != got.Sent {
		t.Errorf("TCP from %s to %s: answers %v, %v; want only %q", from.Name, to, got.Answers, got.Loss, want)
	}
}

// loadBalancer connects to a virtual address that several have: all of them, and those only, answer.
func (s *scene) loadBalancer(t *testing.T) {
	for _, from := range []*cloud.Workload{s.a, s.d} {
		got := from.Call(t, virtual, 100)
		s.none(t, "TCP from "+from.Name+" to two backends", got.Loss)
		if got.By(s.b) == 0 || got.By(s.c) == 0 || got.By(s.b)+got.By(s.c) != got.Sent-got.Lost {
			t.Errorf("TCP from %s: answers %v; want b's and c's", from.Name, got.Answers)
		}
	}
	calls, pings := s.a.StartCalls(t, virtual), s.a.StartPing(t, ip(s.c))
	for range 5 {
		s.balance(t, s.b)
		s.await(t, s.a, virtual, func(c cloud.Calls) bool { return c.By(s.b) == c.Sent })
		if got := s.a.Call(t, virtual, 100); got.By(s.c) > 0 {
			t.Errorf("a backend that was removed gets connections: %v", got)
		}
		s.balance(t, s.b, s.c)
		s.await(t, s.a, virtual, func(c cloud.Calls) bool { return c.By(s.c) > 0 })
	}
	s.none(t, "a backend goes and comes five times, TCP", calls.Stop(t).Loss)
	s.none(t, "a backend goes and comes five times, ping beside it", pings.Stop(t))
}

// hairpin has a backend connect to the virtual address whose only backend it is: it must not see its own address.
func (s *scene) hairpin(t *testing.T) {
	s.answers(t, s.b, virtualB, s.b.Name+" "+hairpinIP)
	got := s.b.Call(t, virtual, 100)
	s.none(t, "TCP from a backend to two of which it is one", got.Loss)
	if got.By(s.b) == 0 || got.By(s.c) == 0 {
		t.Errorf("TCP from a backend to two of which it is one: answers %v", got.Answers)
	}
}

// await calls until an answer is as wanted.
func (s *scene) await(t *testing.T, from *cloud.Workload, to string, enough func(cloud.Calls) bool) {
	t.Helper()
	ovstest.Eventually(t, settle, func() error {
		if got := from.Call(t, to, 10); !enough(got) {
			return fmt.Errorf("TCP from %s to %s: %v, answers %v", from.Name, to, got.Loss, got.Answers)
		}
		return nil
	})
}
