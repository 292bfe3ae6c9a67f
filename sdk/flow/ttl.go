package flow

import "strconv"

// DecTTL lowers the time to live, or hop limit, of IP. Where it runs out the packet goes to the controllers with these ids;
// none at all means those with id 0.
func DecTTL(controllers ...uint16) Action {
	if len(controllers) == 0 {
		return finished(appendUint(nil, typeDecTTL<<48|8<<32, 8))
	}
	b := appendUint(newNicira(subDecTTLIDs, 0), uint64(len(controllers)), 2)
	b = appendUint(b, 0, 4)
	for _, id := range controllers {
		b = appendUint(b, uint64(id), 2)
	}
	a := finished(b)
	if len(controllers) > 0xffff {
		a.err = errTooLong
	}
	return a
}

// DecTTLUntold is DecTTL, but where the time to live runs out no controller is told.
func DecTTLUntold() Action { return finished(appendUint(newNicira(subDecTTLIDs, 0), 0, 6)) }

// decTTL takes OFPAT_DEC_NW_TTL, which has no arguments, and NXAST_DEC_TTL, which is the same.
func (w *rewriter) decTTL(a string) error {
	if n := len(a); n != 8 && (n != 16 || be16(a, 0) == typeDecTTL) {
		return errLength
	}
	w.uint(typeDecTTL<<48|8<<32, 8)
	return nil
}

// decTTLIDs takes NXAST_DEC_TTL_CNT_IDS: n_controllers(2) zeros(4) ids(2 each). OVN names no controller with it, so that none is told.
func (w *rewriter) decTTLIDs(a string) error {
	n := int(be16(a, 10))
	end := 16 + 2*n
	if pad8(end) != len(a) {
		return errLength
	}
	w.text(a[:12])
	w.zeros(4)
	w.text(a[16:end])
	w.zeros(len(a) - end)
	return nil
}

func appendDecTTLIDs(b []byte, a string) []byte {
	b = append(b, "dec_ttl("...)
	for i := range int(be16(a, 10)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(be16(a, 16+2*i)), 10)
	}
	return append(b, ')')
}

// parseDecTTL reads "dec_ttl" and "dec_ttl(id,…)". "dec_ttl()" is what ovs-ofctl prints of DecTTLUntold, though it reads it as "dec_ttl".
func parseDecTTL(arg argument) (Action, error) {
	if arg.sep == '(' && arg.value == "" {
		return DecTTLUntold(), nil
	}
	var ids []uint16
	err := arg.each(func(arg argument) error {
		v, err := parseUint(arg.key, 16)
		ids = append(ids, uint16(v))
		return err
	})
	return DecTTL(ids...), err
}
