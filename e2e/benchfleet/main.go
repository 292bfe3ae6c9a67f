// Command benchfleet measures what a whole fleet asks of one southbound database: nodes with flowhost, and the same nodes with
// ovn-controller, connected to it directly and through a relay (`ovsdb-server relay:`, ovsdb(7)).
//
//	go run ./e2e/benchfleet -bin bin -nodes 5,10,20 -changes 10
//
// All nodes have the same Open vSwitch with either: the one takes over from the other, on an emptied bridge, and what ovn-controller has
// bound, tunnelled and numbered stays. Every connection goes through this program, which counts its bytes; that takes processor time of
// the machine, though none of the database's. There are no bars: the table tells.
package main

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/flowhost/flowhost/e2e/bar"
	"github.com/flowhost/flowhost/e2e/standin"
)

// timeout is generous: other work on the machine may stretch everything.
const timeout = 3 * time.Hour

// bench is what all fleets share.
type bench struct {
	ctx     context.Context
	dir     string
	bin     string // the folder of binaries
	changes int    // of each kind; each is undone, which counts as one more
	ways    bar.Only
	only    bar.Only // kinds of changes
	starts  []startRow
	rows    []changeRow
}

func main() {
	b := new(bench)
	flag.StringVar(&b.bin, "bin", "bin", "the `folder` of flowhost and its plugins")
	flag.IntVar(&b.changes, "changes", 10, "changes of each kind, each of which is made and undone")
	nodes := bar.Only{"5", "10", "20"}
	flag.Var(&nodes, "nodes", "how many nodes, `N[,N…]`")
	flag.Var(&b.ways, "ways", "only on these ways to the southbound database, `WAY[,WAY]` of direct, relay")
	flag.Var(&b.only, "only", "only changes of these kinds, `KIND[,KIND…]` of acl, address, member, backend, port")
	flag.Parse()
	bar.Main("benchfleet", timeout, func(ctx context.Context, dir string) (missed int, err error) {
		b.ctx, b.dir = ctx, dir
		defer b.table() // what there is, even after an error
		return 0, b.run(nodes)
	})
}

// run measures fleets of some sizes.
func (b *bench) run(sizes []string) (err error) {
	if b.bin, err = filepath.Abs(b.bin); err != nil {
		return err
	}
	if lacking := standin.Lacking(b.bin, standin.Sources); len(lacking) > 0 {
		return fmt.Errorf("there is no program of %v in %s", lacking, b.bin)
	}
	if b.changes < 1 {
		return fmt.Errorf("-changes %d: must be at least 1", b.changes)
	}
	for _, size := range sizes {
		n, err := strconv.Atoi(size)
		if err != nil || n < 1 || n > maxNodes {
			return fmt.Errorf("-nodes %s: must be a number from 1 to %d", size, maxNodes)
		}
		if err := b.measure(n); err != nil {
			return fmt.Errorf("%d nodes: %w", n, err)
		}
	}
	return nil
}

// measure starts a fleet, and measures both on both ways to the database.
func (b *bench) measure(n int) error {
	return b.withFleet(n, func(f *fleet) error {
		for _, way := range []string{direct, relayed} {
			if !b.ways.Has(way) {
				continue
			}
			if err := f.connect(way); err != nil {
				return fmt.Errorf("%s: %w", way, err)
			}
			for _, s := range sides {
				if err := f.measure(way, s); err != nil {
					return fmt.Errorf("%s, %s: %w", way, s.name, err)
				}
			}
		}
		return nil
	})
}
