package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk"
	"github.com/flowhost/flowhost/sdk/flow"
)

var errFail = errors.New("the file says: fail")

// wants is what a file says.
type wants struct {
	seed   uint64                  // of the order in which flows are told: any is as good
	delay  time.Duration           // before anything is told
	flows  map[uuid.UUID]flow.Flow // each under a UUID of its own, made from its key, so that it is the same in the next run
	groups map[flow.GroupID]flow.Group
	meters map[flow.MeterID]flow.Meter
}

// readWants reads a file. A line is a flow, a group or a meter as ovs-ofctl takes it, "seed N", "delay DURATION", "fail" (the source
// ends with an error), or empty.
func readWants(path string) (wants, error) {
	w := wants{
		flows:  map[uuid.UUID]flow.Flow{},
		groups: map[flow.GroupID]flow.Group{},
		meters: map[flow.MeterID]flow.Meter{},
	}
	file, err := os.Open(path)
	if err != nil {
		return w, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		if err := w.read(lines.Text()); err != nil {
			return w, fmt.Errorf("%s:%d: %w", path, n, err)
		}
	}
	return w, lines.Err()
}

func (w *wants) read(line string) (err error) {
	word, argument, _ := strings.Cut(line, " ")
	switch {
	case strings.HasPrefix(line, "group_id="):
		var g flow.Group
		g, err = flow.ParseGroup(line)
		w.groups[g.ID] = g
	case strings.HasPrefix(line, "meter="):
		var m flow.Meter
		m, err = flow.ParseMeter(line)
		w.meters[m.ID] = m
	case word == "":
	case word == "seed":
		w.seed, err = strconv.ParseUint(argument, 10, 64)
	case word == "delay":
		w.delay, err = time.ParseDuration(argument)
	case word == "fail":
		err = errFail
	default:
		var f flow.Flow
		if f, err = flow.ParseFlow(line); err == nil {
			w.flows[id(f.Key)] = f
		}
	}
	return err
}

func id(k flow.Key) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "%d,%d,%s", k.Table, k.Priority, string(k.Match)))
}

// push tells the host what is different from what it was told before. Groups and meters come before the flows that name them, and
// go after those.
func (w *wants) push(ctx context.Context, h *sdk.Host, before wants) error {
	if err := sleep(ctx, w.delay); err != nil {
		return err
	}
	p := pusher{ctx: ctx, host: h, txn: h.Begin()}
	w.setObjects(&p, before)
	for _, id := range w.order(before) {
		if f, wanted := w.flows[id]; wanted {
			p.do(func(t *sdk.Txn) { t.Set(id, f) })
		} else {
			p.do(func(t *sdk.Txn) { t.Remove(id) })
		}
	}
	w.removeObjects(&p, before)
	return p.commit()
}

func (w *wants) setObjects(p *pusher, before wants) {
	for id, m := range w.meters {
		if was, told := before.meters[id]; !told || was != m {
			p.do(func(t *sdk.Txn) { t.SetMeter(m) })
		}
	}
	for id, g := range w.groups {
		if was, told := before.groups[id]; !told || was != g {
			p.do(func(t *sdk.Txn) { t.SetGroup(g) })
		}
	}
}

func (w *wants) removeObjects(p *pusher, before wants) {
	for id := range before.groups {
		if _, wanted := w.groups[id]; !wanted {
			p.do(func(t *sdk.Txn) { t.RemoveGroup(id) })
		}
	}
	for id := range before.meters {
		if _, wanted := w.meters[id]; !wanted {
			p.do(func(t *sdk.Txn) { t.RemoveMeter(id) })
		}
	}
}

// pusher makes many transactions of many operations, until the first error.
type pusher struct {
	ctx  context.Context
	host *sdk.Host
	txn  *sdk.Txn
	err  error
}

func (p *pusher) do(operation func(*sdk.Txn)) {
	if operation(p.txn); p.txn.Len() == perTxn {
		p.commit()
	}
}

func (p *pusher) commit() error {
	if p.err == nil && p.txn.Len() > 0 {
		_, p.err = p.txn.Commit(p.ctx)
	}
	p.txn = p.host.Begin()
	return p.err
}

// order gives the UUIDs of what is different, shuffled.
func (w *wants) order(before wants) []uuid.UUID {
	var ids []uuid.UUID
	for id, f := range w.flows {
		if was, told := before.flows[id]; !told || was != f {
			ids = append(ids, id)
		}
	}
	for id := range maps.Keys(before.flows) {
		if _, wanted := w.flows[id]; !wanted {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return cmp.Compare(string(a[:]), string(b[:])) })
	rand.New(rand.NewPCG(w.seed, 0)).Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	return ids
}
