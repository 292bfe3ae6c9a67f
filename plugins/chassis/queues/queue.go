package queues

import (
	"strconv"

	"github.com/flowhost/flowhost/internal/ovn/sb"
)

// queue is what a logical port asks for; the zero queue: nothing.
type queue struct {
	id              int
	port            string // name of the logical port
	min, max, burst int64  // bits/s and bits
}

// newQueue reads the options of a Port_Binding (binding.c, get_qos_params). What is no number is none.
func newQueue(row *sb.PortBinding) queue {
	number := func(key string) int64 {
		n, err := strconv.ParseUint(row.Options[key], 10, 62)
		if err != nil {
			return 0
		}
		return int64(n)
	}
	q := queue{id: int(number("qdisc_queue_id")), port: row.LogicalPort,
		min: number("qos_min_rate"), max: number("qos_max_rate"), burst: number("qos_burst")}
	if q.id == 0 || q.min == 0 && q.max == 0 && q.burst == 0 {
		return queue{}
	}
	return q
}

// config is Queue:other_config (ovs-vswitchd.conf.db(5), Configuration for linux-htb).
func (q queue) config() map[string]string {
	text := func(n int64) string { return strconv.FormatInt(n, 10) }
	return map[string]string{"min-rate": text(q.min), "max-rate": text(q.max), "burst": text(q.burst)}
}

// demand is the queues that ports here ask for.
type demand struct {
	of  map[string]queue        // by the UUID of the Port_Binding
	ids map[int]map[string]bool // those UUIDs by the number of the queue
}

// set says what a port asks for and returns the numbers of the queues that this may change.
func (d *demand) set(binding string, now queue) []int {
	before := d.of[binding]
	if before == now {
		return nil
	}
	if delete(d.of, binding); now.id != 0 {
		d.of[binding] = now
	}
	if delete(d.ids[before.id], binding); len(d.ids[before.id]) == 0 {
		delete(d.ids, before.id)
	}
	if now.id != 0 {
		if d.ids[now.id] == nil {
			d.ids[now.id] = map[string]bool{}
		}
		d.ids[now.id][binding] = true
	}
	return []int{before.id, now.id}
}

// get is what is asked for of a queue: when several ports have its number, by the one whose name is the first in the alphabet.
func (d *demand) get(id int) (found queue) {
	for binding := range d.ids[id] {
		if q := d.of[binding]; found.id == 0 || q.port < found.port {
			found = q
		}
	}
	return found
}
