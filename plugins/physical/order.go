package main

import "math/bits"

// hashSet is a set of names that yields them in the order in which ovn-controller does, whose sets are hash tables: so the same
// copies of a packet are made in the same order (lib/sset.h, lib/hmap.h of Open vSwitch).
type hashSet struct {
	buckets [][]hashed // each with the one that was added last in front
	known   map[string]bool
}

type hashed struct {
	name string
	hash uint32
}

func (s *hashSet) add(name string) {
	if s.known[name] {
		return
	}
	if s.known == nil {
		s.known, s.buckets = map[string]bool{}, make([][]hashed, 1)
	}
	s.known[name] = true
	s.insert(hashed{name, hashString(name)})
	if len(s.known)/2 > len(s.buckets)-1 {
		s.grow()
	}
}

func (s *hashSet) insert(h hashed) {
	at := h.hash & uint32(len(s.buckets)-1)
	s.buckets[at] = append([]hashed{h}, s.buckets[at]...)
}

// grow makes twice as many buckets, at least four, and moves the names in their order.
func (s *hashSet) grow() {
	before := s.buckets
	s.buckets = make([][]hashed, max(4, 2*len(before)))
	for _, bucket := range before {
		for _, h := range bucket {
			s.insert(h)
		}
	}
}

func (s *hashSet) names() (names []string) {
	for _, bucket := range s.buckets {
		for _, h := range bucket {
			names = append(names, h.name)
		}
	}
	return names
}

// hashString is hash_string of Open vSwitch: MurmurHash3 of the words of a text, the last one filled up with zeros.
func hashString(text string) uint32 {
	var hash uint32
	for at := 0; at < len(text); at += 4 {
		var word uint32
		for i, c := range []byte(text[at:min(at+4, len(text))]) {
			word |= uint32(c) << (8 * i)
		}
		word *= 0xcc9e2d51
		word = bits.RotateLeft32(word, 15) * 0x1b873593
		hash = bits.RotateLeft32(hash^word, 13)*5 + 0xe6546b64
	}
	hash ^= uint32(len(text))
	hash ^= hash >> 16
	hash *= 0x85ebca6b
	hash ^= hash >> 13
	hash *= 0xc2b2ae35
	return hash ^ hash>>16
}
