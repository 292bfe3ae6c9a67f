package ovsdb

import "hash/maphash"

const (
	internSlots  = 1 << 14
	internLength = 256 // bytes; longer strings are rarely equal
)

// interner makes equal strings share their memory: a southbound's rows name the same few datapaths, ports and stages over and
// over. It remembers one string per slot, so that it cannot grow, and forgetting one costs no more than a copy.
type interner struct {
	seed     maphash.Seed
	slots    []string
	pointers []*string
}

func newInterner() *interner {
	return &interner{seed: maphash.MakeSeed(), slots: make([]string, internSlots), pointers: make([]*string, internSlots)}
}

// intern returns text as a string, without an allocation if it has it.
func (in *interner) intern(text []byte) string {
	if len(text) == 0 {
		return ""
	}
	if len(text) > internLength {
		return string(text)
	}
	slot := &in.slots[maphash.Bytes(in.seed, text)%internSlots]
	if *slot != string(text) {
		*slot = string(text)
	}
	return *slot
}

// pointer returns the address of a string like this one; nobody may write to it.
func (in *interner) pointer(text string) *string {
	slot := &in.pointers[maphash.String(in.seed, text)%internSlots]
	if *slot == nil || **slot != text {
		*slot = &text
	}
	return *slot
}
