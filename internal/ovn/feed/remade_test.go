package feed

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/flowhost/flowhost/internal/ovstest"
)

// The only row of a table has another UUID in a database that was made anew: that of before goes in the batch in which it comes.
func TestDatabaseMadeAnew(t *testing.T) {
	sb := southbound(t, 0)
	s := start(t, sb.OVSDB())
	s.WaitSynced()
	s.untilFlows(1, 3)
	remade := chassis(t, sb.OVSDB())
	for _, one := range []*ovstest.Sandbox{s.vswitch, remade} {
		one.Stop(t, ovstest.OVSDB)
	}
	file := filepath.Join("db", ovstest.OVSDB+".db")
	text, err := os.ReadFile(filepath.Join(remade.Dir, file))
	if err == nil {
		err = os.WriteFile(filepath.Join(s.vswitch.Dir, file), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.untilStatus(false, "waiting for the local Open_vSwitch database")
	s.vswitch.Start(t, ovstest.OVSDB)
	s.untilStatus(true, "following the southbound database at unix:")
	s.untilFlows(1, 3)
}
