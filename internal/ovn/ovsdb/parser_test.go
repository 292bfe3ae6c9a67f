package ovsdb

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

// Every way that a text can be cut into reads gives the same values.
func TestParserReads(t *testing.T) {
	text := `{"a":"plain", "esc\t\"\\\/\b\f\n\r":"\u00e4\ud83d\ude00ö","n":[-12,0.5e3,true,false,null],` + "\n\t" +
		`"nested":{"x":[[],{}],"y":"]}"} , "long":"` + strings.Repeat("é", windowSize) + `"}`
	var want map[string]any
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		t.Fatal(err)
	}
	for name, src := range map[string]io.Reader{
		"at once":       strings.NewReader(text),
		"byte by byte":  iotest.OneByteReader(strings.NewReader(text)),
		"half by half":  iotest.HalfReader(strings.NewReader(text)),
		"error and end": iotest.DataErrReader(strings.NewReader(text)),
	} {
		t.Run(name, func(t *testing.T) {
			p := newParser(src, newInterner())
			n := 0
			for p.enter('{'); p.more('}'); n++ {
				key := string(p.key())
				value := p.raw()
				var got any
				if err := json.Unmarshal(value, &got); err != nil {
					t.Fatalf("%s: %v in %q", key, err, value)
				}
				g, _ := json.Marshal(got)
				w, _ := json.Marshal(want[key])
				if !bytes.Equal(g, w) {
					t.Errorf("%q is %.80s, want %.80s", key, g, w)
				}
			}
			if p.err != nil || n != len(want) {
				t.Errorf("%d members, error %v; want %d", n, p.err, len(want))
			}
		})
	}
}

func TestParserMistakes(t *testing.T) {
	for _, text := range []string{
		``, `{`, `[`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{,}`, `{"a" 1}`, `{"a":1 "b":2}`, `{1:2}`, `{"a":1]`,
		`[1,]`, `[,1]`, `[1 2]`, `[1}`, `"x`, `"\`, `"\x"`, `"\u12"`, `"\u12g4"`, `"\ud800"`, `"\ud800\n"`, `"\ud800\u0041"`, `'a'`, `[$]`,
		strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1), `[` + strings.Repeat("1", 100) + `]`,
	} {
		p := newParser(strings.NewReader(text), newInterner())
		p.skip()
		if p.err == nil {
			t.Errorf("%q was read without an error", text)
		}
		if err := p.err; !errors.Is(err, ErrProtocol) && !errors.Is(err, io.ErrUnexpectedEOF) && err != io.EOF {
			t.Errorf("%q: error %v is no ErrProtocol", text, err)
		}
	}
	p := newParser(strings.NewReader(`["1e5", 1.5, "x", 2]`), newInterner())
	p.enter('[')
	if p.item(); p.integer() != 0 || p.err == nil {
		t.Error("a string was read as an integer")
	}
	if p.more(']') || p.str() != nil || p.raw() != nil || p.real() != 0 || p.boolean() || p.text() != "" {
		t.Error("something was read after an error")
	}
}

// A source that returns nothing for ever ends in an error.
func TestParserNoProgress(t *testing.T) {
	p := newParser(nothing{}, newInterner())
	p.skip()
	if !errors.Is(p.err, io.ErrNoProgress) {
		t.Errorf("error %v, want io.ErrNoProgress", p.err)
	}
}

type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, nil }

func TestInterner(t *testing.T) {
	in := newInterner()
	for _, text := range []string{"", "a", strings.Repeat("x", internLength), strings.Repeat("x", internLength+1)} {
		for range 2 {
			if got := in.intern([]byte(text)); got != text {
				t.Errorf("%q became %q", text, got)
			}
		}
	}
	if n := testing.AllocsPerRun(100, func() { in.intern([]byte("a")) }); n != 0 {
		t.Errorf("%v allocations for a string that is known", n)
	}
}

// What the parser takes, encoding/json takes too, with the same strings.
func FuzzParser(f *testing.F) {
	for _, seed := range []string{`{"a":[1,"x",null,true]}`, `"\ud83d\ude00"`, `[[[[]]]]`, `{"":{}}`, `"` + strings.Repeat("a", 300) + `"`, `[1,]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p := newParser(iotest.OneByteReader(bytes.NewReader(text)), newInterner())
		raw := p.raw()
		if p.err != nil {
			return
		}
		whole := parseText(text, newInterner())
		if again := whole.raw(); whole.err != nil || !bytes.Equal(raw, again) {
			t.Fatalf("%q byte by byte, %q at once (%v)", raw, again, whole.err)
		}
		if text := parseText(raw, newInterner()); raw[0] == '"' {
			var want string
			if got := text.text(); json.Unmarshal(raw, &want) == nil && utf8.ValidString(got) && got != want {
				t.Fatalf("%q, want %q", got, want)
			}
		}
	})
}
