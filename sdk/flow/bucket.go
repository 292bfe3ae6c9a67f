package flow

// wireBucket is an ofp_bucket taken apart: length(2) action_array_len(2) bucket_id(4), actions, properties.
type wireBucket struct {
	id       uint32
	actions  string
	weight   uint16
	weighted bool // a weight is given
	port     Port
	group    GroupID
}

const (
	bucketHead = 8

	// Properties of a bucket: type(2) length(2), a value.
	bucketWeight     = 0
	bucketWatchPort  = 1
	bucketWatchGroup = 2
	bucketProperty   = 8 // the length of each
)

// readBucket takes the bucket at the start of s apart; n is its size. A bucket of a select group has the weight 1 when it says
// none.
func readBucket(s string, kind GroupType) (b wireBucket, n int, err error) {
	if len(s) < bucketHead {
		return b, 0, errTruncated
	}
	n = int(be16(s, 0))
	end := bucketHead + int(be16(s, 2))
	if n > len(s) || end > n || n%8 != 0 {
		return b, 0, errLength
	}
	b = wireBucket{id: be32(s, 4), actions: s[bucketHead:end], port: PortAny, group: groupAny}
	if kind == GroupSelect {
		b.weight, b.weighted = 1, true
	}
	for ; end < n; end += bucketProperty {
		if n-end < bucketProperty || be16(s, end+2) != bucketProperty {
			return b, 0, errProperty
		}
		switch be16(s, end) {
		case bucketWeight:
			b.weight, b.weighted = be16(s, end+4), true
		case bucketWatchPort:
			b.port = Port(be32(s, end+4))
		case bucketWatchGroup:
			b.group = GroupID(be32(s, end+4))
		default:
			return b, 0, errProperty
		}
	}
	return b, n, nil
}

// append checks the bucket and appends it in canonical form.
func (b *wireBucket) append(out []byte, kind GroupType) ([]byte, error) {
	switch watches := b.port != PortAny || b.group != groupAny; {
	case b.weighted && kind != GroupSelect:
		return out, errWeight
	case watches != (kind == GroupFastFailover) && !(watches && kind == GroupSelect):
		return out, errWatch
	case b.group > maxGroup && b.group != groupAny:
		return out, errGroupID
	}
	w := rewriter{in: b.actions}
	if err := w.actions(b.actions, 0); err != nil {
		return out, err
	}
	actions := w.result()
	start := len(out)
	out = appendUint(out, 0, 2)
	out = appendUint(out, uint64(len(actions)), 2)
	out = appendUint(out, uint64(b.id), 4)
	out = append(out, actions...)
	if b.weighted {
		out = appendUint(out, bucketWeight<<48|bucketProperty<<32|uint64(b.weight)<<16, 8)
	}
	if b.port != PortAny {
		out = appendUint(out, bucketWatchPort<<48|bucketProperty<<32|uint64(b.port), 8)
	}
	if b.group != groupAny {
		out = appendUint(out, bucketWatchGroup<<48|bucketProperty<<32|uint64(b.group), 8)
	}
	n := len(out) - start
	if n > maxActions {
		return out, errTooLong
	}
	out[start], out[start+1] = byte(n>>8), byte(n)
	return out, nil
}
