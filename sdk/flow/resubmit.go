package flow

import (
	"errors"
	"strconv"
	"strings"
)

// Resubmit looks the packet up in another table and then goes on.
func Resubmit(table TableID) Action { return ResubmitPort(PortInPort, table) }

// ResubmitPort looks the packet up in another table, 255 for the same one, as if it had come in at a port: PortInPort is the
// one it came from.
func ResubmitPort(p Port, table TableID) Action { return resubmit(subResubmitTable, p, table) }

// ResubmitCT is ResubmitPort with the addresses and ports of the packet as they were before connection tracking changed
// them.
func ResubmitCT(p Port, table TableID) Action { return resubmit(subResubmitCT, p, table) }

func resubmit(subtype int, p Port, table TableID) Action {
	b := appendUint(newNicira(subtype, 16), uint64(uint16(p)), 2)
	return finished(appendUint(b, uint64(table), 1))
}

// resubmit takes NXAST_RESUBMIT: in_port(2) pad(4). It has the canonical form with table 255.
func (w *rewriter) resubmit(a string) error {
	if err := fixed(a, 16); err != nil {
		return err
	}
	w.nicira(subResubmitTable, 16)
	w.text(a[10:12])
	w.uint(255<<24, 4)
	return nil
}

// resubmitTable takes NXAST_RESUBMIT_TABLE and NXAST_RESUBMIT_TABLE_CT: in_port(2) table(1) pad(3). Table 255 is the current
// one.
func (w *rewriter) resubmitTable(a string) error {
	if err := fixed(a, 16); err != nil {
		return err
	}
	w.text(a[:13])
	w.zeros(3)
	return nil
}

func appendResubmit(b []byte, a string) []byte {
	port, table, ct := port32(be16(a, 10)), a[12], be16(a, 8) == subResubmitCT
	if table == 255 && port != uint32(PortInPort) && !ct {
		return appendPort(append(b, "resubmit:"...), port)
	}
	b = append(b, "resubmit("...)
	if port != uint32(PortInPort) {
		b = appendPort(b, port)
	}
	b = append(b, ',')
	if table != 255 {
		b = strconv.AppendUint(b, uint64(table), 10)
	}
	if ct {
		b = append(b, ",ct"...)
	}
	return append(b, ')')
}

// parseResubmit reads "port" and "(port,table,ct)", whose parts may be left out.
func parseResubmit(arg argument) (Action, error) {
	if arg.sep != '(' {
		port, err := parsePort(arg.value)
		return ResubmitPort(Port(port), 255), err
	}
	parts := strings.Split(arg.value, ",")
	if len(parts) > 3 || len(parts) == 3 && parts[2] != "ct" {
		return Action{}, errArgument
	}
	port, table := uint32(PortInPort), uint64(255)
	var err1, err2 error
	if parts[0] != "" {
		port, err1 = parsePort(parts[0])
	}
	if len(parts) > 1 && parts[1] != "" {
		table, err2 = parseUint(parts[1], 8)
	}
	build := ResubmitPort
	if len(parts) == 3 {
		build = ResubmitCT
	}
	return build(Port(port), TableID(table)), errors.Join(err1, err2)
}
