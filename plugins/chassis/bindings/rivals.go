package bindings

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// peace is how long nobody must have undone anything for a fight to be over.
const peace = time.Minute

// rivals are who has undone what was written of ports, by the ports' names.
type rivals map[string]rival

type rival struct {
	who   string
	times int
	last  time.Time
}

func (r rivals) note(port, who string, now time.Time) {
	r[port] = rival{who: who, times: r[port].times + 1, last: now}
}

func (r rivals) forget(now time.Time) {
	maps.DeleteFunc(r, func(_ string, one rival) bool { return now.Sub(one.last) >= peace })
}

// next is when to forget; zero for never.
func (r rivals) next() (first time.Time) {
	for _, one := range r {
		first = earliest(first, one.last.Add(peace))
	}
	return first
}

// Problems are what an operator should know, in the order of ports' names: who wants ports otherwise than this chassis, and ports that
// several interfaces name.
func (d *Duty) Problems() (list []string) {
	for _, port := range slices.Sorted(maps.Keys(d.rivals)) {
		one := d.rivals[port]
		list = append(list, fmt.Sprintf("port %s: %s has undone %d times what was written of it", port, one.who, one.times))
	}
	for _, port := range slices.Sorted(maps.Keys(d.interfaces.many)) {
		if n := d.plugs(port); n > 1 {
			list = append(list, fmt.Sprintf("port %s: %d interfaces have it as iface-id", port, n))
		}
	}
	return list
}

// Note is how many problems there are, for the status.
func (d *Duty) Note() string {
	if n := len(d.Problems()); n > 0 {
		return fmt.Sprintf("%d ports are wanted by others, too, or by several interfaces, see command problems", n)
	}
	return ""
}

// plugs is how many interfaces of the bridge name a port.
func (d *Duty) plugs(port string) (n int) {
	for id := range d.interfaces.of[port] {
		if d.state.HasInterface(id) {
			n++
		}
	}
	return n
}
