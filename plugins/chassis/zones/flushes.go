package zones

import (
	"strconv"
	"strings"

	"github.com/flowhost/flowhost/internal/ovn/feed"
	"github.com/flowhost/flowhost/sdk"
)

// Mark is the name of the mark by which the duty hears that zones have been flushed: it has to watch the chassis' own.
const Mark = "zones"

// flushes are the zones whose connections the switch is to forget. Each time that some are told, the mark counts up: when its value
// is installed, all are flushed that were told by then. The value begins with what no other process has, because marks outlive one.
type flushes struct {
	life     string
	told     int         // the mark's count
	flushing map[int]int // with which count a zone was told; 0: not yet
	queue    []int       // Invariant: those of flushing with 0, each once.
}

func newFlushes(life string) flushes { return flushes{life: life, flushing: map[int]int{}} }

// flush has a zone flushed from now on. What has no zone is not OVN's alone: zone 0 is never flushed, though a router may ask for it.
func (f *flushes) flush(zone int) {
	if count, is := f.flushing[zone]; zone == 0 || is && count == 0 {
		return
	}
	f.flushing[zone] = 0
	f.queue = append(f.queue, zone)
}

// isFlushing says whether a flush of a zone is not confirmed yet.
func (f *flushes) isFlushing(zone int) bool {
	_, is := f.flushing[zone]
	return is
}

// Take is duty.Speaker's.
func (f *flushes) Take(max int) ([]feed.Operation, []feed.Mark) {
	n := min(max, len(f.queue))
	if n <= 0 {
		return nil, nil
	}
	f.told++
	operations := make([]feed.Operation, n)
	for i, zone := range f.queue[:n] {
		operations[i] = feed.Operation{Keep: true, Flush: []uint16{uint16(zone)}}
		f.flushing[zone] = f.told
	}
	if f.queue = f.queue[n:]; len(f.queue) == 0 {
		f.queue = nil
	}
	return operations, []feed.Mark{{Name: Mark, Value: f.life + "/" + strconv.Itoa(f.told)}}
}

// Restart is duty.Speaker's: what is not confirmed is told again. What is written is not: those connections are in use.
func (f *flushes) Restart() {
	for zone, count := range f.flushing {
		if count != 0 {
			f.flush(zone)
		}
	}
}

// marked takes in a mark that is installed, and says whether zones have been flushed by it.
func (f *flushes) marked(m sdk.MarkInstalled) (some bool) {
	text, own := strings.CutPrefix(m.Value, f.life+"/")
	count, err := strconv.Atoi(text)
	if m.Name != Mark || !own || err != nil {
		return false
	}
	for zone, told := range f.flushing {
		if told != 0 && told <= count {
			delete(f.flushing, zone)
			some = true
		}
	}
	return some
}
