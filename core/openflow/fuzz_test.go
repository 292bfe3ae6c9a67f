package openflow

import "testing"

// addSeeds gives the fuzzer every message of the golden files, and each bare header.
func addSeeds(f *testing.F) {
	for _, path := range []string{"testdata/decode.txt", "testdata/encode.txt"} {
		for _, g := range readGolden(f, path) {
			f.Add(g.msg)
		}
	}
	for t := range 36 {
		f.Add([]byte{Version, byte(t), 0, 8, 0, 0, 0, 1})
	}
}

// FuzzDecode gives every decoder any bytes: none panics, none yields more than an error after an error.
func FuzzDecode(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, msg []byte) { describe(msg) })
}
