package flow

import "strconv"

// FinTimeout makes the flow end sooner once a TCP connection ends: after idle or hard seconds, 0 for no change. No such flow can
// be desired; it is here to be read and printed.
func FinTimeout(idle, hard uint16) Action {
	return finished(appendUint(newNicira(subFinTimeout, 16), uint64(idle)<<16|uint64(hard), 4))
}

// finTimeout takes NXAST_FIN_TIMEOUT: fin_idle_timeout(2) fin_hard_timeout(2) pad(2).
func (w *rewriter) finTimeout(a string) error {
	if err := fixed(a, 16); err != nil {
		return err
	}
	w.text(a[:14])
	w.zeros(2)
	return nil
}

func appendFinTimeout(b []byte, a string) []byte {
	b = append(b, "fin_timeout("...)
	idle, hard := be16(a, 10), be16(a, 12)
	if idle != 0 {
		b = append(strconv.AppendUint(append(b, "idle_timeout="...), uint64(idle), 10), ',')
	}
	if hard != 0 {
		b = append(strconv.AppendUint(append(b, "hard_timeout="...), uint64(hard), 10), ',')
	}
	if idle|hard != 0 {
		b = b[:len(b)-1]
	}
	return append(b, ')')
}

// parseFinTimeout reads "(idle_timeout=…,hard_timeout=…)".
func parseFinTimeout(arg argument) (Action, error) {
	var idle, hard uint64
	err := arg.each(func(arg argument) (err error) {
		switch arg.key {
		case "idle_timeout":
			idle, err = parseUint(arg.value, 16)
		case "hard_timeout":
			hard, err = parseUint(arg.value, 16)
		default:
			err = errArgument
		}
		return err
	})
	return FinTimeout(uint16(idle), uint16(hard)), err
}
