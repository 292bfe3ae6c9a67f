package ids

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/flowhost/flowhost/sdk"
)

// naivePool is what is known of a Pool from outside: what it was told and what it said.
type naivePool struct {
	ids     []uint32
	given   map[string]uint32 // what ID said, until it may be another
	uses    map[uuid.UUID][]string
	host    map[uint32]string     // what the host has
	touched map[string]bool       // to be told again
	gone    map[uint32]Generation // ids in limbo, since when; 0: it is not known that it is
	present Generation
}

func (n *naivePool) used(text string) bool {
	for _, list := range n.uses {
		if slices.Contains(list, text) {
			return true
		}
	}
	return false
}

// TestPoolModel checks after each step what must hold of all that a Pool has said.
func TestPoolModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		ranges := drawRanges(rt, 5)
		p := NewPool(ranges)
		n := &naivePool{
			ids: newNaive(ranges).ids, given: map[string]uint32{}, uses: map[uuid.UUID][]string{}, host: map[uint32]string{},
			touched: map[string]bool{}, gone: map[uint32]Generation{}, present: 1,
		}
		text := rapid.Map(rapid.IntRange(1, 12), func(i int) string { return fmt.Sprint("text ", i) })
		rt.Repeat(map[string]func(*rapid.T){
			"evaluate": func(rt *rapid.T) { // asks for ids, and uses some of them
				var list []string
				for _, s := range rapid.SliceOfN(text, 0, 4).Draw(rt, "texts") {
					if n.ask(rt, p, s) && rapid.Bool().Draw(rt, "used") {
						list = append(list, s)
					}
				}
				unit := number(rapid.IntRange(1, 4).Draw(rt, "unit"))
				p.Use(unit, list)
				n.uses[unit] = list
			},
			"touch": func(rt *rapid.T) {
				s := text.Draw(rt, "text")
				p.Touch(s)
				n.touched[s] = true
			},
			"take": func(rt *rapid.T) { n.take(rt, p, rapid.IntRange(1, 3).Draw(rt, "max")) },
			"take all": func(rt *rapid.T) {
				n.take(rt, p, 1000)
				n.settled(rt, p)
			},
			"restart": func(*rapid.T) {
				p.Restart()
				clear(n.host)
			},
			"told": func(rt *rapid.T) {
				if told := p.Told(); told != n.present {
					rt.Fatalf("generation %d, want %d", told, n.present)
				}
				n.present++
			},
			"confirmed": func(rt *rapid.T) {
				generation := Generation(rapid.Uint64Range(0, uint64(n.present-1)).Draw(rt, "generation"))
				taken := len(p.byID)
				if any := p.Confirmed(generation); any != (len(p.byID) < taken) {
					rt.Fatalf("ids are free: %v, and %d of %d are taken", any, len(p.byID), taken)
				}
				maps.DeleteFunc(n.gone, func(_ uint32, since Generation) bool { return since <= generation })
				maps.DeleteFunc(n.given, func(s string, id uint32) bool {
					_, limbo := n.gone[id]
					return !limbo && !n.used(s) && n.host[id] != s
				})
			},
			"": func(rt *rapid.T) { checkPool(rt, p) },
		})
		n.take(rt, p, 1000)
		n.settled(rt, p)
	})
}

// ask asks for the id of a text.
func (n *naivePool) ask(rt *rapid.T, p *Pool, s string) bool {
	id, ok := p.ID(s)
	if !ok {
		if before, has := n.given[s]; has {
			rt.Fatalf("%q lost id %d", s, before)
		}
		if len(p.byID) < len(n.ids) {
			rt.Fatalf("no id for %q, and %d of %d are used", s, len(p.byID), len(n.ids))
		}
		return false
	}
	if before, has := n.given[s]; has && before != id {
		rt.Fatalf("%q has id %d and had %d", s, id, before)
	}
	if !slices.Contains(n.ids, id) {
		rt.Fatalf("id %d is none of its own", id)
	}
	for other, has := range n.given {
		_, limbo := n.gone[id]
		if has == id && other != s && (n.used(other) || n.host[id] == other || limbo) {
			rt.Fatalf("%q has id %d of %q", s, id, other)
		}
	}
	maps.DeleteFunc(n.given, func(_ string, has uint32) bool { return has == id })
	n.given[s] = id
	delete(n.gone, id)
	return true
}

// take takes what the host has to be told.
func (n *naivePool) take(rt *rapid.T, p *Pool, most int) {
	set, gone := p.Take(most)
	if len(set)+len(gone) > most {
		rt.Fatalf("%d and %d, want %d", len(set), len(gone), most)
	}
	for _, e := range set {
		if n.given[e.Text] != e.ID || !n.used(e.Text) {
			rt.Fatalf("%v is told, and not used", e)
		}
		if n.host[e.ID] == e.Text && !n.touched[e.Text] {
			rt.Fatalf("%v is told twice", e)
		}
		n.host[e.ID] = e.Text
		delete(n.touched, e.Text)
	}
	for _, id := range gone {
		if s := n.host[id]; s == "" || n.used(s) {
			rt.Fatalf("%d is gone, and the host has %q", id, s)
		}
		delete(n.host, id)
		n.gone[id] = n.present
	}
}

// settled checks that the host has exactly what is used.
func (n *naivePool) settled(rt *rapid.T, p *Pool) {
	want := map[uint32]string{}
	for _, list := range n.uses {
		for _, s := range list {
			want[n.given[s]] = s
		}
	}
	if !maps.Equal(n.host, want) {
		rt.Fatalf("the host has %v, want %v", n.host, want)
	}
	for s := range n.touched {
		if n.used(s) {
			rt.Fatalf("%q was touched and not told again", s)
		}
	}
	clear(n.touched)
}

func checkPool(rt *rapid.T, p *Pool) {
	if len(p.byID) != len(p.byText) {
		rt.Fatalf("%d ids, %d texts", len(p.byID), len(p.byText))
	}
	dirty := 0
	for s, e := range p.byText {
		if e.Text != s || p.byID[e.ID] != e {
			rt.Fatalf("%q has %v", s, e)
		}
		if e.dirty {
			dirty++
		}
		if e.users == 0 && !e.dirty && e.freed == 0 {
			rt.Fatalf("%q is used by nobody, and stays", s)
		}
		if e.users > 0 && e.freed != 0 {
			rt.Fatalf("%q is used, and in limbo", s)
		}
	}
	if dirty != len(p.dirty) {
		rt.Fatalf("%d to be looked at, %d marked", len(p.dirty), dirty)
	}
}

// TestPoolUnused asks for more ids than there are, one after the other, and uses none.
func TestPoolUnused(t *testing.T) {
	p := NewPool([]sdk.Range{{First: 1, Last: 2}})
	for i := range 10 {
		if _, ok := p.ID(fmt.Sprint(i)); !ok {
			t.Fatalf("no id for the %dth", i)
		}
		p.Take(10)
		p.Confirmed(p.Told())
	}
	if len(p.byID) != 0 || p.limbo.waiting != nil || p.dirty != nil {
		t.Errorf("left: %v", p.byID)
	}
}

func TestPoolOfNone(t *testing.T) {
	p := NewPool([]sdk.Range{{First: 0, Last: 0}})
	if id, ok := p.ID("a"); ok {
		t.Errorf("id %d", id)
	}
	p.Use(number(1), []string{"a"})
	if set, gone := p.Take(10); set != nil || gone != nil {
		t.Errorf("%v, %v", set, gone)
	}
}

func TestPoolConcurrently(t *testing.T) {
	p := NewPool([]sdk.Range{{First: 1, Last: 300}})
	var workers sync.WaitGroup
	for w := range 2 {
		workers.Go(func() {
			for i := range 2000 {
				if id, ok := p.ID(fmt.Sprint(i % 100)); !ok || id == 0 {
					t.Errorf("id %d", id)
				}
				p.Use(number(w), []string{fmt.Sprint(i % 100)})
			}
		})
	}
	workers.Wait()
}

func BenchmarkPool(b *testing.B) {
	texts := make([]string, 20_000)
	for i := range texts {
		texts[i] = fmt.Sprintf("type=select,selection_method=dp_hash,bucket=bucket_id=0,weight:100,actions=ct(commit,table=20,zone=NXM_NX_REG11[0..15],"+
			"nat(dst=10.%d.%d.1:80),exec(load:1->NXM_NX_CT_MARK[1]))", i/256, i%256)
	}
	ranges := []sdk.Range{{First: 1, Last: 65535}}
	b.Run("new", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			p := NewPool(ranges)
			for i := range texts {
				p.ID(texts[i])
				p.Use(number(i), texts[i:i+1])
			}
			p.Take(len(texts))
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(texts)), "ns/text")
	})
	b.Run("again", func(b *testing.B) {
		p := NewPool(ranges)
		i := 0
		for b.Loop() {
			p.ID(texts[i%len(texts)])
			p.Use(number(i%len(texts)), texts[i%len(texts):i%len(texts)+1])
			i++
		}
	})
}
