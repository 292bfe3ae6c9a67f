package openflow

import (
	"bytes"
	"testing"
)

// addSeeds gives the fuzzer every message of the golden files, and each bare header.
func addSeeds(f *testing.F) {
	for _, path := range []string{"testdata/decode.txt", "testdata/encode.txt", "testdata/ofctl.txt"} {
		for _, g := range readGolden(f, path) {
			f.Add(g.msg)
		}
	}
	for t := range 36 {
		f.Add([]byte{Version, byte(t), 0, 8, 0, 0, 0, 1})
	}
}

// FuzzDecode gives every decoder, by the type in the header, any bytes: none panics, reads what is not there, or goes on
// for ever.
func FuzzDecode(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, msg []byte) { describe(msg) })
}

// FuzzRoundTrip decodes any bytes, encodes what it got, and must get the same out of that again.
func FuzzRoundTrip(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, msg []byte) {
		kind, again := encodeAgain(msg)
		if kind == "" {
			return
		}
		if want, got := describe(msg), describe(again); got != want {
			t.Errorf("%s:\n- want: %s\n-  got: %s", kind, want, got)
		}
		if _, third := encodeAgain(again); !bytes.Equal(third, again) {
			t.Errorf("%s: encoded %x, then %x", kind, again, third)
		}
	})
}

// FuzzBuckets gives the decoder of buckets any bytes, and encodes what it got.
func FuzzBuckets(f *testing.F) {
	for _, path := range []string{"testdata/decode.txt", "testdata/ofctl.txt"} {
		for _, g := range readGolden(f, path) {
			for group := range GroupDescs(g.msg) {
				f.Add(group.Buckets)
			}
			if m, err := ParseGroupMod(g.msg); err == nil {
				f.Add(m.Buckets)
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var want, got []Bucket
		var again []byte
		for bucket, err := range Buckets(b) {
			if err != nil {
				return
			}
			want = append(want, bucket)
			again = AppendBucket(again, &bucket)
		}
		for bucket, err := range Buckets(again) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, bucket)
		}
		if len(want) != len(got) {
			t.Fatalf("%d buckets, then %d", len(want), len(got))
		}
		for i := range want {
			if w, g := describeValue(want[i]), describeValue(got[i]); w != g {
				t.Errorf("- want: %s\n-  got: %s", w, g)
			}
		}
	})
}

// FuzzMeterBands does the same for meter bands, whose form has no freedom: the same bytes must come out.
func FuzzMeterBands(f *testing.F) {
	for _, g := range readGolden(f, "testdata/decode.txt") {
		for meter := range MeterDescs(g.msg) {
			f.Add(meter.Bands)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for band, err := range MeterBands(b) {
			if err != nil {
				return
			}
			for again, err := range MeterBands(AppendMeterBand(nil, band)) {
				if err != nil || again != band {
					t.Errorf("%+v, then %+v, %v", band, again, err)
				}
			}
		}
	})
}
