package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"github.com/flowhost/flowhost/core/apply"
	"github.com/hashicorp/go-hclog"
)

// portFile keeps the switch's ports in STATE-DIR/ports-BRIDGE.json: one writer, in a goroutine of its own, so that the
// loop never waits for a disk.
type portFile struct {
	path string
	log  hclog.Logger
	next chan apply.Ports // has room for one: the latest that was not written
}

// portPause is the least time between two writes: ports come in crowds. A host that is killed before it has written takes a number
// that was reused for one that nobody knows of yet, so the pause is short.
const portPause = 20 * time.Millisecond

func newPortFile(dir, bridge string, log hclog.Logger) *portFile {
	return &portFile{path: filepath.Join(dir, "ports-"+bridge+".json"), log: log, next: make(chan apply.Ports, 1)}
}

// Load implements apply.PortMemory. A file that is not there, or is none, is no memory.
func (f *portFile) Load() apply.Ports {
	text, err := os.ReadFile(f.path)
	if err != nil {
		return nil
	}
	var ports apply.Ports
	if err := json.Unmarshal(text, &ports); err != nil {
		f.log.Warn("the ports of the last run are not known", "file", f.path, "error", err)
		return nil
	}
	return ports
}

// Save implements apply.PortMemory. It is called by one goroutine.
func (f *portFile) Save(ports apply.Ports) {
	select {
	case <-f.next: // not written yet, and out of date
	default:
	}
	f.next <- ports
}

// run writes what is saved until stop is closed, and the last of it then.
func (f *portFile) run(stop <-chan struct{}) {
	for {
		select {
		case ports := <-f.next:
			f.write(ports)
		case <-stop:
			select {
			case ports := <-f.next:
				f.write(ports)
			default:
			}
			return
		}
		select {
		case <-time.After(portPause):
		case <-stop:
		}
	}
}

// write replaces the file in one step.
func (f *portFile) write(ports apply.Ports) {
	text, err := json.Marshal(ports)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(f.path), 0o755)
	}
	if err == nil {
		err = os.WriteFile(f.path+".new", text, 0o644)
	}
	if err == nil {
		err = os.Rename(f.path+".new", f.path)
	}
	if err != nil {
		f.log.Warn("the switch's ports are not remembered", "error", err)
	}
}
