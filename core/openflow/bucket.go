package openflow

import (
	"encoding/binary"
	"iter"
)

// A Bucket is one bucket of a group (§7.3.4.3.1).
type Bucket struct {
	ID         uint32
	Actions    []byte // a list of actions in wire form
	Weight     uint16 // of a select group; Open vSwitch takes 1 for one that is not given, and 0 for "no traffic"
	WatchPort  uint32 // of a fast failover group; PortAny: none
	WatchGroup uint32 // the same; GroupAny: none

	HasWeight bool // the weight was given
}

// GroupAny, as a group to watch, means none (OFPG_ANY).
const GroupAny uint32 = 0xffffffff

// bucketLen is the length of the fixed part of an ofp_bucket:
//
//	length u16 | action_array_len u16 | bucket u32 | actions | properties
const bucketLen = 8

// Types of the properties of a bucket (enum ofp_group_bucket_prop_type).
const (
	bucketWeight     = 0
	bucketWatchPort  = 1
	bucketWatchGroup = 2
)

// Buckets goes through the buckets of a group. If they are malformed, the last pair has an error that Is ErrMessage.
// Properties that it does not know it leaves out.
func Buckets(buckets []byte) iter.Seq2[Bucket, error] {
	return func(yield func(Bucket, error) bool) {
		w := walker{msg: buckets, end: len(buckets), what: "bucket"}
		for w.left() > 0 {
			bucket, err := w.bucket()
			if !yield(bucket, err) || err != nil {
				return
			}
		}
	}
}

// bucket takes one ofp_bucket.
func (w *walker) bucket() (Bucket, error) {
	in, err := w.entry(bucketLen)
	if err != nil {
		return Bucket{}, err
	}
	fixed, _ := in.take(bucketLen) // entry has seen to it
	b := Bucket{ID: binary.BigEndian.Uint32(fixed[4:]), Weight: 1, WatchPort: PortAny, WatchGroup: GroupAny}
	if b.Actions, err = in.take(int(binary.BigEndian.Uint16(fixed[2:]))); err != nil {
		return Bucket{}, err
	}
	for in.left() > 0 {
		typ, value, err := in.property()
		if err != nil {
			return Bucket{}, err
		}
		switch typ {
		case bucketWeight:
			b.Weight, b.HasWeight = propertyUint16(value), true
		case bucketWatchPort:
			b.WatchPort = propertyUint32(value)
		case bucketWatchGroup:
			b.WatchGroup = propertyUint32(value)
		}
	}
	return b, nil
}

// AppendBucket appends a bucket in wire form, as Open vSwitch writes it.
func AppendBucket(b []byte, bucket *Bucket) []byte {
	start := len(b)
	b = append(b, 0, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(len(bucket.Actions)))
	b = binary.BigEndian.AppendUint32(b, bucket.ID)
	b = append(b, bucket.Actions...)
	if bucket.HasWeight {
		b = appendProperty(b, bucketWeight, byte(bucket.Weight>>8), byte(bucket.Weight), 0, 0)
	}
	if bucket.WatchPort != PortAny {
		b = appendProperty(b, bucketWatchPort, binary.BigEndian.AppendUint32(nil, bucket.WatchPort)...)
	}
	if bucket.WatchGroup != GroupAny {
		b = appendProperty(b, bucketWatchGroup, binary.BigEndian.AppendUint32(nil, bucket.WatchGroup)...)
	}
	binary.BigEndian.PutUint16(b[start:], uint16(len(b)-start))
	return b
}
