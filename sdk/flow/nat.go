package flow

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// NAT says how ct translates addresses (ovs-actions(7), The ct action). The zero value is for packets of connections that
// are translated already.
type NAT struct {
	Src, Dst   bool       // which address; at most one of them
	MinAddr    netip.Addr // the lowest address to use; not valid: keep the address, avoid collisions
	MaxAddr    netip.Addr // the highest; not valid: the same
	MinPort    uint16     // the lowest port to use; 0: any. Needs MinAddr
	MaxPort    uint16     // the highest; 0: the same
	Persistent bool       // the same address for a host after a restart
	Hash       bool       // choose the port by hash
	Random     bool       // choose the port at random
}

const (
	natSrc        = 1 << 0
	natDst        = 1 << 1
	natPersistent = 1 << 2
	natHash       = 1 << 3
	natRandom     = 1 << 4
	natFlags      = 1<<5 - 1

	natIPv4Min = 1 << 0
	natIPv4Max = 1 << 1
	natIPv6Min = 1 << 2
	natIPv6Max = 1 << 3
	natPortMin = 1 << 4
	natPortMax = 1 << 5
	natRanges  = 1<<6 - 1
)

var (
	errNATFlags = errors.New("src and dst, or hash and random, exclude each other; everything else needs src or dst")
	errNATRange = errors.New("a range needs a lowest value that is not above the highest, and ports need addresses, which are not all zero")
	errNATPlace = errors.New("stands only in ct")
)

// wireNAT is NXAST_NAT taken apart.
type wireNAT struct {
	flags            uint16
	min, max         string // addresses, 4 or 16 bytes; "" for none
	minPort, maxPort uint16 // 0 for none
}

// action is NXAST_NAT: pad(2) flags(2) range_present(2), then what is present of address min and max, port min and max.
func (n *NAT) action() Action {
	c := wireNAT{minPort: n.MinPort, maxPort: n.MaxPort}
	for _, f := range [...]struct {
		set bool
		bit uint16
	}{{n.Src, natSrc}, {n.Dst, natDst}, {n.Persistent, natPersistent}, {n.Hash, natHash}, {n.Random, natRandom}} {
		if f.set {
			c.flags |= f.bit
		}
	}
	if n.MinAddr.IsValid() {
		c.min = string(n.MinAddr.AsSlice())
	}
	if n.MaxAddr.IsValid() {
		c.max = string(n.MaxAddr.AsSlice())
	}
	if err := c.normalise(); err != nil {
		return Action{err: err}
	}
	var w rewriter
	w.putNAT(&c)
	return Action{wire: string(w.out)}
}

// normalise checks what Open vSwitch checks (decode_NXAST_RAW_NAT), and leaves out the end of a range that is its start.
func (c *wireNAT) normalise() error {
	direction := c.flags & (natSrc | natDst)
	switch {
	case direction == natSrc|natDst,
		c.flags&natHash != 0 && c.flags&natRandom != 0,
		direction == 0 && (c.flags != 0 || c.min != "" || c.max != ""):
		return errNATFlags
	case c.max != "" && (len(c.max) != len(c.min) || c.max < c.min),
		c.maxPort != 0 && (c.minPort == 0 || c.maxPort < c.minPort),
		c.minPort != 0 && c.min == "",
		c.min != "" && allBytes(c.min, 0): // Open vSwitch takes it for no address
		return errNATRange
	}
	if c.max == c.min {
		c.max = ""
	}
	if c.maxPort == c.minPort {
		c.maxPort = 0
	}
	return nil
}

// readNAT takes NXAST_NAT apart.
func readNAT(a string) (c wireNAT, err error) {
	c.flags = be16(a, 12)
	ranges, rest := be16(a, 14), a[16:]
	if c.flags&^natFlags != 0 || ranges&^natRanges != 0 {
		return c, errNATFlags
	}
	v4, v6 := ranges&(natIPv4Min|natIPv4Max), ranges&(natIPv6Min|natIPv6Max)
	if v4 != 0 && v6 != 0 {
		return c, errNATRange
	}
	take := func(bit uint16, n int) string {
		if ranges&bit == 0 || err != nil {
			return ""
		}
		if len(rest) < n {
			err = errTruncated
			return ""
		}
		s := rest[:n]
		rest = rest[n:]
		return s
	}
	c.min, c.max = take(natIPv4Min, 4), take(natIPv4Max, 4)
	if v6 != 0 {
		c.min, c.max = take(natIPv6Min, 16), take(natIPv6Max, 16)
	}
	c.minPort = uint16(uintOf(take(natPortMin, 2)))
	c.maxPort = uint16(uintOf(take(natPortMax, 2)))
	if err == nil && len(rest) >= 8 {
		err = errLength
	}
	return c, err
}

// natCommits says whether NXAST_NAT does what only a commit can.
func natCommits(a string) bool { return be16(a, 12) != 0 || be16(a, 14) != 0 }

func (w *rewriter) nat(a string) error {
	if !w.inCT {
		return errNATPlace
	}
	c, err := readNAT(a)
	if err != nil {
		return err
	}
	if err := c.normalise(); err != nil {
		return err
	}
	w.putNAT(&c)
	return nil
}

func (w *rewriter) putNAT(c *wireNAT) {
	minBit, maxBit := uint16(natIPv4Min), uint16(natIPv4Max)
	if len(c.min) == 16 {
		minBit, maxBit = natIPv6Min, natIPv6Max
	}
	var ranges uint16
	for _, r := range [...]struct {
		there bool
		bit   uint16
	}{{c.min != "", minBit}, {c.max != "", maxBit}, {c.minPort != 0, natPortMin}, {c.maxPort != 0, natPortMax}} {
		if r.there {
			ranges |= r.bit
		}
	}
	start := w.pos()
	w.nicira(subNAT, w.lengthAt(start))
	w.zeros(2)
	w.uint(uint64(c.flags)<<16|uint64(ranges), 4)
	w.text(c.min)
	w.text(c.max)
	if c.minPort != 0 {
		w.uint(uint64(c.minPort), 2)
	}
	if c.maxPort != 0 {
		w.uint(uint64(c.maxPort), 2)
	}
	w.finish(start)
}

func appendNAT(b []byte, a string) []byte {
	c, _ := readNAT(a)
	b = append(b, "nat"...)
	if c.flags == 0 {
		return b
	}
	if c.flags&natSrc != 0 {
		b = append(b, "(src"...)
	} else {
		b = append(b, "(dst"...)
	}
	if c.min != "" {
		b = c.appendRange(append(b, '='))
	}
	for _, f := range [...]struct {
		bit  uint16
		name string
	}{{natPersistent, ",persistent"}, {natHash, ",hash"}, {natRandom, ",random"}} {
		if c.flags&f.bit != 0 {
			b = append(b, f.name...)
		}
	}
	return append(b, ')')
}

// appendRange appends addresses and ports. IPv6 addresses have brackets when ports follow.
func (c *wireNAT) appendRange(b []byte) []byte {
	bracket := len(c.min) == 16 && c.minPort != 0
	addr := func(b []byte, s string) []byte {
		if bracket {
			return append(appendAddr(append(b, '['), s), ']')
		}
		return appendAddr(b, s)
	}
	b = addr(b, c.min)
	if c.max != "" {
		b = addr(append(b, '-'), c.max)
	}
	if c.minPort != 0 {
		b = strconv.AppendUint(append(b, ':'), uint64(c.minPort), 10)
	}
	if c.maxPort != 0 {
		b = strconv.AppendUint(append(b, '-'), uint64(c.maxPort), 10)
	}
	return b
}

// parseNAT reads "nat" and "nat(option,…)".
func parseNAT(arg argument) (*NAT, error) {
	n := new(NAT)
	err := arg.each(func(arg argument) (err error) {
		switch arg.key {
		case "src", "dst":
			n.Src, n.Dst = n.Src || arg.key == "src", n.Dst || arg.key == "dst"
			if arg.value != "" {
				err = n.parseRange(arg.value)
			}
		case "persistent":
			n.Persistent = true
		case "hash":
			n.Hash = true
		case "random":
			n.Random = true
		default:
			err = errArgument
		}
		return err
	})
	return n, err
}

// parseNATAction reads a nat that is one of several in exec.
func parseNATAction(arg argument) (Action, error) {
	n, err := parseNAT(arg)
	if err != nil {
		return Action{}, err
	}
	return n.action(), nil
}

// parseRange reads "address", "address-address", each with ":port" or ":port-port" behind. IPv6 addresses have brackets then.
func (n *NAT) parseRange(s string) (err error) {
	first, rest, err := cutAddr(s)
	if err != nil {
		return err
	}
	n.MinAddr = first
	if strings.HasPrefix(rest, "-") {
		if n.MaxAddr, rest, err = cutAddr(rest[1:]); err != nil {
			return err
		}
	}
	if rest == "" {
		return nil
	}
	ports, ok := strings.CutPrefix(rest, ":")
	if !ok {
		return fmt.Errorf("%q: %w", s, errAddress)
	}
	from, to, isRange := strings.Cut(ports, "-")
	lowest, err := parseUint(from, 16)
	if err != nil {
		return err
	}
	n.MinPort = uint16(lowest)
	if isRange {
		v, err := parseUint(to, 16)
		n.MaxPort = uint16(v)
		return err
	}
	return nil
}

// cutAddr splits an address off, with or without brackets.
func cutAddr(s string) (a netip.Addr, rest string, err error) {
	text := s
	if inner, ok := strings.CutPrefix(s, "["); ok {
		text, rest, _ = strings.Cut(inner, "]")
	} else {
		stop := "-:"
		if strings.Count(s, ":") > 1 {
			stop = "-"
		}
		if i := strings.IndexAny(s, stop); i >= 0 {
			text, rest = s[:i], s[i:]
		}
	}
	if a, err = netip.ParseAddr(text); err != nil || a.Zone() != "" {
		return a, rest, fmt.Errorf("%q: %w", text, errAddress)
	}
	return a, rest, nil
}
