package flow

import "strconv"

// Resubmit looks the packet up in another table and then goes on.
func Resubmit(table TableID) Action { return ResubmitPort(PortInPort, table) }

// ResubmitPort looks the packet up in another table as if it had come in at a port: PortInPort is the one it came from.
func ResubmitPort(p Port, table TableID) Action {
	b := newNicira(subResubmitTable, 16)
	b = appendUint(b, uint64(uint16(p)), 2)
	return Action{wire: string(appendUint(b, uint64(table)<<24, 4))}
}

// resubmit takes NXAST_RESUBMIT: in_port(2) pad(4). The table is the current one.
func (w *rewriter) resubmit(a string) error {
	if len(a) != 16 {
		return errLength
	}
	w.text(a[:12])
	w.zeros(4)
	return nil
}

func appendResubmit(b []byte, a string) []byte {
	return appendPort(append(b, "resubmit:"...), port32(be16(a, 10)))
}

// resubmitTable takes NXAST_RESUBMIT_TABLE: in_port(2) table(1) pad(3). Table 255 is the current one.
func (w *rewriter) resubmitTable(a string) error {
	if len(a) != 16 {
		return errLength
	}
	if a[12] == 255 {
		w.text(a[:8])
		w.uint(subResubmit, 2)
		w.text(a[10:12])
		w.zeros(4)
		return nil
	}
	w.text(a[:13])
	w.zeros(3)
	return nil
}

func appendResubmitTable(b []byte, a string) []byte {
	b = append(b, "resubmit("...)
	if p := port32(be16(a, 10)); p != uint32(PortInPort) {
		b = appendPort(b, p)
	}
	b = strconv.AppendUint(append(b, ','), uint64(a[12]), 10)
	return append(b, ')')
}
