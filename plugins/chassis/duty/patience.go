package duty

import (
	"maps"
	"reflect"
	"time"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"
)

// calm is after what time without a Write the patience with a thing is whole again.
const calm = 2 * time.Minute

// patience is how often the same was written of a thing in a row.
type patience struct {
	rows  []libovsdb.Row
	times int
	last  time.Time
	until time.Time // when it may be written again; zero: at once
}

// spend counts a Write for a thing. Of the pauses each is twice as long as the one before.
func (a *Agenda[K]) spend(k K, w Write, now time.Time) {
	if a.Patience == 0 {
		return
	}
	p, rows := a.spent[k], written(w)
	if now.Sub(p.last) > calm || !reflect.DeepEqual(rows, p.rows) { // who wants something else now does not fight
		p = patience{rows: rows}
	}
	p.times, p.last = p.times+1, now
	if over := p.times - a.Patience; over >= 0 {
		p.until = now.Add(min(firstPause<<min(over, 10), lastPause))
	}
	a.spent[k] = p
}

// written are the rows as a Write has them. Those that it takes away do not matter: somebody else would make them anew each time.
func written(w Write) (rows []libovsdb.Row) {
	for _, o := range w.Operations {
		if o.Op == libovsdb.OperationInsert || o.Op == libovsdb.OperationUpdate {
			rows = append(rows, o.Row)
		}
	}
	return rows
}

// Undone is of how many things the patience has come to its end.
func (a *Agenda[K]) Undone(now time.Time) (n int) {
	maps.DeleteFunc(a.spent, func(_ K, p patience) bool { return now.Sub(p.last) > calm })
	for _, p := range a.spent {
		if p.times > a.Patience {
			n++
		}
	}
	return n
}
