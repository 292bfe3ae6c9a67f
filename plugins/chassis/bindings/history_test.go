package bindings

import (
	"fmt"
	"testing"
	"time"

	libovsdb "github.com/ovn-org/libovsdb/ovsdb"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/plugins/chassis/duty"
)

// Ports that another chassis gets long after they were claimed here leave nothing behind, whether they are gone by then or later.
func TestMigrationsAreForgotten(t *testing.T) {
	s := newStage(t)
	s.Now = time.Unix(1000, 0)
	for i := range 4 {
		port := fmt.Sprint("vif", i)
		s.plug(port, 1+i)
		s.bind(port, nil)
		s.Settle()
		s.Now = s.Now.Add(memory)
		s.Settle()
		s.set(port, libovsdb.Row{"options": options("requested-chassis", "hv2"), "chassis": duty.Refs(id("hv2"))})
		if i%2 == 0 {
			s.Settle()
		}
		s.Transact(duty.Southbound, duty.Delete(sb.PortBindingTable, id(port)))
		s.Settle()
	}
	if n := len(s.duty.claims.past) + len(s.duty.claims.order); n > 0 {
		t.Errorf("%d things are remembered of ports that are gone", n)
	}
}
