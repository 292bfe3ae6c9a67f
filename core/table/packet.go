package table

import (
	"fmt"
	"math"
	"strings"

	"github.com/flowhost/flowhost/sdk/flow"
)

// PacketIns are packets that the switch sends to controllers.
type PacketIns struct {
	Controllers []Range[uint16] // ids of controllers
	UserData    []string        // what the user data of the controller action begins with; an empty one is any
}

// AllPacketIns are those of every controller, whatever their user data.
func AllPacketIns() PacketIns {
	return PacketIns{Controllers: []Range[uint16]{{0, math.MaxUint16}}, UserData: []string{""}}
}

// Has says whether all packets for a controller whose user data begin with this are among them.
func (p *PacketIns) Has(controller uint16, userData string) bool {
	if !inRanges(p.Controllers, controller) {
		return false
	}
	for _, prefix := range p.UserData {
		if strings.HasPrefix(userData, prefix) {
			return true
		}
	}
	return false
}

// CheckPacketOut checks the actions of a packet-out against the fence, and returns the list of actions in them. They are canonical,
// and empty or one apply_actions. A packet-out may send its packet to any port, and on to the tables in PacketOut; groups it may not
// name, because their buckets may send it anywhere. Errors: ErrFenced, ErrBadActions.
func (o *OwnerSpec) CheckPacketOut(a flow.Actions) (list string, err error) {
	if len(o.PacketOut) == 0 {
		return "", fmt.Errorf("%w: packet-outs", ErrFenced)
	}
	if list, err = a.List(); err != nil {
		return "", err
	}
	for ref := range a.Refs() {
		table := ref.Table
		if table == currentTable {
			table = 0 // where a packet-out is
		}
		switch {
		case ref.Kind == flow.RefGroup:
			return "", fmt.Errorf("%w: group %d in a packet-out", ErrFenced, ref.ID)
		case ref.Kind == flow.RefTable && !inRanges(o.PacketOut, table):
			return "", fmt.Errorf("%w: packet-out to table %d", ErrFenced, table)
		}
		if err := o.reachRef(ref); err != nil {
			return "", err
		}
	}
	return list, nil
}

// currentTable is the table in a flow.RefTable that goes on where it is.
const currentTable = 255
