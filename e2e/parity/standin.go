package parity

import (
	"fmt"
	"os"

	"github.com/flowhost/flowhost/e2e/dump"
	"github.com/flowhost/flowhost/e2e/standin"
)

// sourcesVariable names the environment variable that chooses where flowhost's flows come from:
//
//	(empty)  from OVN's sources; for those that are not there, ofctl has ovn-controller's flows
//	ofctl    all of them from ofctl
//	own      from OVN's sources only; the flows of those that are not there are missing
const sourcesVariable = "SOURCES"

// choose returns which of OVN's sources run, and which ofctl stands in for.
func choose(asked, programs string) (own, stand []string, err error) {
	stand = standin.Lacking(programs, standin.Sources)
	switch asked {
	case "ofctl":
		stand = standin.Sources
	case "", "own":
	default:
		return nil, nil, fmt.Errorf("%s=%s; it is ofctl, own, or nothing", sourcesVariable, asked)
	}
	own = standin.Others(stand)
	if asked == "own" {
		stand = nil
	}
	return own, stand, nil
}

// A feed is the file that ofctl keeps installed, with ovn-controller's flows.
type feed struct {
	path    string
	stand   []string    // the sources that it stands in for; with none, there is no ofctl
	has     dump.Switch // what its last version was made from
	version int
}

// write writes another version.
func (f *feed) write(theirs dump.Switch) error {
	f.has = theirs
	f.version++
	if err := os.WriteFile(f.path+".new", []byte(standin.File(theirs, f.stand, f.version)), 0o600); err != nil {
		return err
	}
	return os.Rename(f.path+".new", f.path)
}

// follow writes another version if ovn-controller has something else than the last one. The error is also that flowhost's switch has
// not got the last one yet.
func (f *feed) follow(theirs, ours dump.Switch) error {
	if len(f.stand) == 0 {
		return nil
	}
	if !theirs.Equal(f.has) {
		if err := f.write(theirs); err != nil {
			return err
		}
	}
	if has := standin.Version(ours); has != f.version {
		return fmt.Errorf("ofctl has installed version %d of ovn-controller's flows, not yet %d", has, f.version)
	}
	return nil
}
