package flow

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// This file has the actions that choose one of several links by a hash of the packet: multipath, bundle, bundle_load.

// HashFields are what of a packet is hashed (ovs-actions(7), The multipath action).
type HashFields uint16

// What can be hashed.
const (
	HashEthSrc HashFields = iota
	HashSymmetricL4
	HashSymmetricL3L4
	HashSymmetricL3L4UDP
	HashNwSrc
	HashNwDst
	HashSymmetricL3
)

var hashNames = []string{"eth_src", "symmetric_l4", "symmetric_l3l4", "symmetric_l3l4+udp", "nw_src", "nw_dst", "symmetric_l3"}

// LinkAlgorithm is how Multipath makes a link number of the hash.
type LinkAlgorithm uint16

// The algorithms of Multipath.
const (
	LinkModuloN LinkAlgorithm = iota
	LinkHashThreshold
	LinkHRW
	LinkIterHash
)

var linkNames = []string{"modulo_n", "hash_threshold", "hrw", "iter_hash"}

// MemberAlgorithm is how Bundle chooses a port.
type MemberAlgorithm uint16

// The algorithms of Bundle.
const (
	MemberActiveBackup MemberAlgorithm = iota
	MemberHRW
)

var memberNames = []string{"active_backup", "hrw"}

const maxMembers = 2048 // BUNDLE_MAX_MEMBERS of Open vSwitch

var (
	errHash      = errors.New("no such fields to hash")
	errAlgorithm = errors.New("no such algorithm")
	errLinks     = errors.New("the number of links must be 1 to 65,536 and fit the destination")
	errMembers   = fmt.Errorf("members must be at most %d ports that can be output to", maxMembers)
	errBundleDst = errors.New("a bundle without destination has zeros there")
	errSyntax    = errors.New("not in the form that Open vSwitch takes")
)

// MultipathOptions say how Multipath chooses a link.
type MultipathOptions struct {
	Fields    HashFields
	Basis     uint16
	Algorithm LinkAlgorithm
	Links     int // 1 to 65,536
	Arg       uint32
	Dst       Part // gets the number of the link, from 0
}

// Multipath writes the number of one of several links into part of a field.
func Multipath(o MultipathOptions) Action {
	if err := o.check(); err != nil {
		return Action{err: err}
	}
	if idSize(o.Dst.Field.oldest()) != 4 {
		return Action{err: fieldError(o.Dst.Field, errID)}
	}
	b := appendUint(newNicira(subMultipath, 32), uint64(o.Fields)<<32|uint64(o.Basis)<<16, 6)
	b = appendUint(b, uint64(o.Algorithm)<<48|uint64(o.Links-1)<<32|uint64(o.Arg), 8)
	b = appendUint(b, o.Dst.ofsBits(), 4)
	return finished(appendID(b, o.Dst.Field, o.Dst.Field.oldest()))
}

func (o *MultipathOptions) check() error {
	switch {
	case int(o.Fields) >= len(hashNames):
		return errHash
	case int(o.Algorithm) >= len(linkNames):
		return errAlgorithm
	}
	if err := o.Dst.checkWritable(); err != nil {
		return err
	}
	if o.Links < 1 || o.Links > 1<<16 || o.Dst.Bits < 16 && o.Links > 1<<o.Dst.Bits {
		return errLinks
	}
	return nil
}

// readMultipath takes NXAST_MULTIPATH apart: fields(2) basis(2) pad(2) algorithm(2) max_link(2) arg(4) pad(2) ofs_nbits(2)
// dst(4).
func readMultipath(a string) (o MultipathOptions, err error) {
	if len(a) != 32 {
		return o, errLength
	}
	i, err := readID(a[28:])
	if err != nil {
		return o, err
	}
	o = MultipathOptions{
		Fields: HashFields(be16(a, 10)), Basis: be16(a, 12), Algorithm: LinkAlgorithm(be16(a, 16)),
		Links: int(be16(a, 18)) + 1, Arg: be32(a, 20), Dst: partOf(i.field, be16(a, 26)),
	}
	return o, o.check()
}

func (w *rewriter) multipath(a string) error {
	o, err := readMultipath(a)
	if err != nil {
		return err
	}
	w.text(a[:14])
	w.zeros(2)
	w.text(a[16:24])
	w.zeros(2)
	w.text(a[26:28])
	w.id(o.Dst.Field, o.Dst.Field.oldest())
	return nil
}

func appendMultipath(b []byte, a string) []byte {
	o, _ := readMultipath(a)
	b = append(append(b, "multipath("...), hashNames[o.Fields]...)
	b = strconv.AppendUint(append(b, ','), uint64(o.Basis), 10)
	b = append(append(b, ','), linkNames[o.Algorithm]...)
	b = strconv.AppendInt(append(b, ','), int64(o.Links), 10)
	b = strconv.AppendUint(append(b, ','), uint64(o.Arg), 10)
	return append(appendPart(append(b, ','), o.Dst), ')')
}

// parseMultipath reads "(fields,basis,algorithm,links,arg,dst)".
func parseMultipath(arg argument) (Action, error) {
	parts := strings.Split(arg.value, ",")
	if len(parts) != 6 {
		return Action{}, errSyntax
	}
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	fields, err1 := nameIndex(parts[0], hashNames, errHash)
	basis, err2 := parseUint(parts[1], 16)
	algorithm, err3 := nameIndex(parts[2], linkNames, errAlgorithm)
	links, err4 := parseUint(parts[3], 17)
	value, err5 := parseUint(parts[4], 32)
	dst, err6 := parsePart(parts[5])
	o := MultipathOptions{HashFields(fields), uint16(basis), LinkAlgorithm(algorithm), int(links), uint32(value), dst}
	return Multipath(o), errors.Join(err1, err2, err3, err4, err5, err6)
}

func nameIndex(name string, names []string, err error) (int, error) {
	if i := flagIndex(name, names); i >= 0 {
		return i, nil
	}
	return 0, fmt.Errorf("%q: %w", name, err)
}

// BundleOptions say how Bundle and BundleLoad choose a port.
type BundleOptions struct {
	Fields    HashFields
	Basis     uint16
	Algorithm MemberAlgorithm
	Members   []Port // dead ones are passed over
}

// Bundle outputs to one of several ports.
func Bundle(o BundleOptions) Action { return bundleAction(o, nil) }

// BundleLoad writes the number of one of several ports into part of a field, at least 16 bits.
func BundleLoad(o BundleOptions, dst Part) Action { return bundleAction(o, &dst) }

// memberType is the one kind of member: a port, said by the header of NXM_OF_IN_PORT.
const memberType = 2

func bundleAction(o BundleOptions, dst *Part) Action {
	b := newNicira(subBundle, 0)
	if dst != nil {
		b = newNicira(subBundleLoad, 0)
	}
	b = appendUint(b, uint64(o.Algorithm)<<32|uint64(o.Fields)<<16|uint64(o.Basis), 6)
	b = appendUint(b, memberType, 4)
	b = appendUint(b, uint64(len(o.Members)), 2)
	if dst != nil {
		if err := dst.checkPort(); err != nil {
			return Action{err: err}
		}
		b = appendUint(b, dst.ofsBits(), 2)
		b = appendID(b, dst.Field, dst.Field.oldest())
	}
	b = append(b, make([]byte, 32-len(b))...)
	for _, m := range o.Members {
		b = appendUint(b, uint64(uint16(m)), 2)
	}
	a := finished(b)
	if len(o.Members) > maxMembers {
		a.err = errMembers
	}
	return a
}

// checkPort says whether a port number can be written to the part.
func (p Part) checkPort() error {
	if err := p.checkWritable(); err != nil {
		return err
	}
	switch {
	case p.Bits < 16:
		return fieldError(p.Field, errNarrow)
	case idSize(p.Field.oldest()) != 4:
		return fieldError(p.Field, errID)
	}
	return nil
}

// bundle takes NXAST_BUNDLE and NXAST_BUNDLE_LOAD: algorithm(2) fields(2) basis(2) member_type(4) n_members(2) ofs_nbits(2)
// dst(4) zero(4), then the members (2 each), padded.
func (w *rewriter) bundle(a string) error {
	if len(a) < 32 {
		return errLength
	}
	n := int(be16(a, 20))
	end := 32 + 2*n
	switch {
	case pad8(end) != len(a):
		return errLength
	case int(be16(a, 10)) >= len(memberNames):
		return errAlgorithm
	case int(be16(a, 12)) >= len(hashNames):
		return errHash
	case n > maxMembers || be32(a, 16) != memberType:
		return errMembers
	}
	w.text(a[:24])
	if err := w.bundleDst(a); err != nil {
		return err
	}
	w.zeros(4)
	for i := 32; i < end; i += 2 {
		if !validOutput(port32(be16(a, i))) {
			return errMembers
		}
	}
	w.text(a[32:end])
	w.zeros(len(a) - end)
	return nil
}

func (w *rewriter) bundleDst(a string) error {
	if be16(a, 8) == subBundle {
		if be16(a, 22) != 0 || be32(a, 24) != 0 {
			return errBundleDst
		}
		w.zeros(4)
		return nil
	}
	i, err := readID(a[24:28])
	if err != nil {
		return err
	}
	if err := partOf(i.field, be16(a, 22)).checkPort(); err != nil {
		return err
	}
	w.id(i.field, i.field.oldest())
	return nil
}

func appendBundle(b []byte, a string) []byte {
	load := be16(a, 8) == subBundleLoad
	if load {
		b = append(b, "bundle_load("...)
	} else {
		b = append(b, "bundle("...)
	}
	b = append(b, hashNames[be16(a, 12)]...)
	b = strconv.AppendUint(append(b, ','), uint64(be16(a, 14)), 10)
	b = append(append(b, ','), memberNames[be16(a, 10)]...)
	b = append(b, ",ofport,"...)
	if load {
		i, _ := readID(a[24:])
		b = append(appendPart(b, partOf(i.field, be16(a, 22))), ',')
	}
	b = append(b, "members:"...)
	for i := range int(be16(a, 20)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendPort(b, port32(be16(a, 32+2*i)))
	}
	return append(b, ')')
}

// parseBundle reads "(fields,basis,algorithm,ofport,members:port,…)", with the destination before members for bundle_load.
func parseBundle(arg argument, load bool) (Action, error) {
	head, list, ok := strings.Cut(arg.value, "members:")
	if !ok {
		head, list, ok = strings.Cut(arg.value, "slaves:")
	}
	parts := strings.FieldsFunc(head, func(r rune) bool { return strings.ContainsRune(separators, r) })
	if !ok || load && len(parts) != 5 || !load && len(parts) != 4 || parts[3] != "ofport" {
		return Action{}, errSyntax
	}
	fields, err1 := nameIndex(parts[0], hashNames, errHash)
	basis, err2 := parseUint(parts[1], 16)
	algorithm, err3 := nameIndex(parts[2], memberNames, errAlgorithm)
	if err := errors.Join(err1, err2, err3); err != nil {
		return Action{}, err
	}
	o := BundleOptions{Fields: HashFields(fields), Basis: uint16(basis), Algorithm: MemberAlgorithm(algorithm)}
	for name := range strings.FieldsFuncSeq(list, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
		port, err := parsePort(name)
		if err != nil {
			return Action{}, err
		}
		o.Members = append(o.Members, Port(port))
	}
	if !load {
		return Bundle(o), nil
	}
	dst, err := parsePart(parts[4])
	if err != nil {
		return Action{}, err
	}
	return BundleLoad(o, dst), nil
}
