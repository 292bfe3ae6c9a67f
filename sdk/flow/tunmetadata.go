package flow

// Which tun_metadataN is which option of a Geneve header is a matter of the bridge, and can be another after it was made anew
// (ovs-ofctl(8), add-tlv-map): what names such a field means something else then. The functions below say which ones are named, as a
// set that has bit N for tun_metadataN.

// TunMetadata are the tun_metadata fields that a canonical match names.
func (m Match) TunMetadata() (set uint64) {
	for t := range m.Terms() {
		set |= t.field.tunMetadata()
	}
	return set
}

// TunMetadata are the tun_metadata fields that canonical actions read or write, nested ones included.
func (a Actions) TunMetadata() (set uint64) {
	a.eachAction(func(kind actionKind, wire string) bool {
		set |= tunMetadataOf(kind, wire)
		return true
	})
	return set
}

// TunMetadata are the tun_metadata fields that a canonical group names, in its buckets or to choose among them.
func (g Group) TunMetadata() (set uint64) {
	for rest := g.Buckets; rest != ""; {
		b, n, err := readBucket(rest, g.Type)
		if err != nil {
			break
		}
		eachIn(b.actions, func(kind actionKind, wire string) bool {
			set |= tunMetadataOf(kind, wire)
			return true
		})
		rest = rest[n:]
	}
	if m, err := readMethod(g.Properties); err == nil {
		for _, f := range m.fields {
			set |= f.field.tunMetadata()
		}
	}
	return set
}

func (f *Field) tunMetadata() uint64 {
	if f.row < rowTunMetadata0 || f.row >= rowTunMetadata0+64 {
		return 0
	}
	return 1 << (f.row - rowTunMetadata0)
}

// tunMetadataOf is of one action in canonical form, without those nested in it. Of NXAST_BUNDLE the field is a header of zeros, and
// so is that of a ct action whose zone is a number: neither is a field.
func tunMetadataOf(kind actionKind, a string) uint64 {
	switch kind {
	case kindSetField:
		return idMetadata(a[4:])
	case kindMove:
		src, _ := readID(a[12:])
		return idMetadata(a[12:]) | idMetadata(a[12+src.size:])
	case kindOutputReg, kindPush, kindPop, kindCT:
		return idMetadata(a[12:])
	case kindOutputReg2, kindCheckPktLarger:
		return idMetadata(a[14:])
	case kindMultipath:
		return idMetadata(a[28:])
	case kindBundleLoad:
		return idMetadata(a[24:])
	case kindDeleteField:
		return idMetadata(a[10:])
	case kindLearn, kindLearn2:
		return learnMetadata(a)
	}
	return 0
}

// idMetadata is of the field whose header is at the start of s.
func idMetadata(s string) uint64 {
	t, err := headers.header(s)
	if err != nil {
		return 0
	}
	return t.field.tunMetadata()
}

// learnMetadata is of what a learn action learns from, matches on and writes.
func learnMetadata(a string) (set uint64) {
	h, err := readLearn(a)
	if err != nil {
		return 0
	}
	if h.result.Field != nil {
		set = h.result.Field.tunMetadata()
	}
	for rest := a[h.specs:]; ; {
		s, n, err := readLearnSpec(rest)
		if err != nil || n == 0 {
			return set
		}
		for _, p := range []Part{s.src, s.dst} {
			if p.Field != nil {
				set |= p.Field.tunMetadata()
			}
		}
		rest = rest[n:]
	}
}
