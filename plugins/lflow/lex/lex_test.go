package lex

import (
	"errors"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// print lexes a text and prints its tokens.
func print(text string) string {
	var tokens []string
	for l := New(text); l.Token.Kind != End; l.Next() {
		tokens = append(tokens, l.Token.String())
	}
	return strings.Join(tokens, " ")
}

func TestTokens(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{" \t\r\n\v\f", ""},
		{"tcp.src==80", "tcp.src == 80"},
		{"a-b--c->d<->e", "a - b -- c - > d <-> e"},
		{"<=<->=>", "<= <-> = >"},
		{"x[3..7]", "x [ 3 .. 7 ]"},
		{"10.0.0.1:80,[::1]:80", "10.0.0.1 : 80 , [ ::1 ] : 80"},
		{"$set @group ^var", "$set @group ^var"},
		{"$.a @_b ^c.1", "$.a @_b ^c.1"},
		{"@", "error(\"`@' must be followed by a valid identifier.\")"},
		{"a . b", "a error(\"`.' is only valid as part of `..' or a number.\") b"},
		{"#", "error(\"Invalid character `#' in input.\")"},
		{"\x01\xff\x00", `error("Invalid byte 0x1 in input.") error("Invalid byte 0x-1 in input.") error("Invalid byte 0x0 in input.")`},
		{"dead beef:1", `dead error("Invalid numeric constant.")`},
		{"dead:beef::1 ab.cd", "dead:beef::1 ab.cd"},
		{"0x1/0x0f 7/7", "0x1/0xf 7/7"},
		{"0/0xff 1/0xff", `0/0xff error("Value and mask have incompatible formats.")`},
		{"1.2.3.4/33", `error("Value and mask have incompatible formats.")`},
		{"::1/129", `error("Value and mask have incompatible formats.")`},
		{"1.2.3.4/255.255.0.0 ::ffff/ffff::", "1.2.0.0/16 ::/16"},
		{"1.2.3.4/x", `error("Invalid numeric constant.")`},
		{"1.2.3.4/ 24", `error("Integer constant expected.") 24`},
		{"01:02:03:04:05:06/01:00:00:00:00:00 01:02:03:04:05", `01:00:00:00:00:00/01:00:00:00:00:00 error("Invalid numeric constant.")`},
		{"0x0123456789012345678901234567890ABC", "0x123456789012345678901234567890abc"},
		{"0x0/0x123456789012345678901234567890123", "0/0x123456789012345678901234567890123"},
		{"0x1" + strings.Repeat("0", 256), `error("Hexadecimal constant requires more than 1024 bits.")`},
		{"0x00000000000000000000000000000000001", "0x1"},
		{"1::2:3 ::1.2.3.4 ::102:304 1:0:0:2::", "1::2:3 ::1.2.3.4 ::1.2.3.4 1:0:0:2::"},
		{`"a\"b\\\/\b\f\n\r\t\u00e9\ud83d\ude00"`, `"a\"b\\/\b\f\n\r\t` + "é😀\""},
		{"\"\x01\"", `"\u0001"`},
		{`"\q"`, `error("bad escape \\q")`},
		{`"\u12"`, `error("quoted string ends within \\u escape")`},
		{`"\u12x4"`, `error("malformed \\u escape")`},
		{`"\u0000"`, `error("null bytes not supported in quoted strings")`},
		{`"\ud800x"`, `error("malformed escaped surrogate pair")`},
		{`"\ud800\u0041"`, `error("second half of escaped surrogate pair is not trailing surrogate")`},
		{`"open`, `error("Input ends inside quoted string.")`},
		{`"open\`, `error("Input ends inside quoted string.")`},
		{"a // b\nc /* d */ e", "a c e"},
		{"a /* b\n */ c", "a error(\"`/*' without matching `*/'.\") error(\"Invalid character `*' in input.\") error(\"`/' is only valid as part of `//' or `/*'.\") c"},
	} {
		if got := print(c.text); got != c.want {
			t.Errorf("%q is\n%s\nand should be\n%s", c.text, got, c.want)
		}
	}
}

func TestTooWideForItsFormat(t *testing.T) {
	for f, want := range map[Format]string{Decimal: "0x10000000000000000", IPv4: "0x10000000000000000", Ethernet: "0x10000000000000000", IPv6: "0:0:0:1::"} {
		if got := (Token{Kind: Integer, Format: f, Value: Value{Hi: 1}}).String(); got != want {
			t.Errorf("%d: %s instead of %s", f, got, want)
		}
	}
}

func TestLexer(t *testing.T) {
	l := New("next(7, pipeline) 99999999999 ;")
	if l.Peek() != LParen || !l.MatchID("next") || l.MatchID("next") || !l.Match(LParen) || l.Match(LParen) {
		t.Fatal("next( is not read")
	}
	if v, ok := l.ForceInt(); v != 7 || !ok {
		t.Fatalf("%d %v instead of 7", v, ok)
	}
	if !l.ForceMatch(Comma) || l.Source() != "pipeline" || l.Rest() != ") 99999999999 ;" {
		t.Fatalf("at %q, before %q", l.Source(), l.Rest())
	}
	l.Next()
	l.Next()
	if _, ok := l.Int(); ok || l.IsInt() || l.Err() != nil {
		t.Fatalf("99999999999 is small: %v", l.Err())
	}
	if _, ok := l.ForceInt(); ok || l.Err().Error() != "Syntax error at `99999999999' expecting small integer." {
		t.Fatal(l.Err())
	}
	l.Next()
	if l.ForceMatch(RCurly) || !strings.Contains(l.Err().Error(), "small integer") {
		t.Fatalf("the first error has to stay: %v", l.Err())
	}
	var e *Error
	if !errors.Is(l.Err(), ErrSyntax) || !errors.As(l.Err(), &e) || e.Offset != 18 {
		t.Fatalf("%#v", l.Err())
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		text string
		do   func(*Lexer)
		want string
	}{
		{"x", func(l *Lexer) { l.ForceEnd() }, "Syntax error at `x' expecting end of input."},
		{"", func(l *Lexer) { l.ForceMatch(RCurly) }, "Syntax error at end of input expecting `}'."},
		{"x", func(l *Lexer) { l.ForceMatch(End) }, "Syntax error at `x' expecting end of input."},
		{"#", func(l *Lexer) { l.SyntaxErrorf("expecting field name") }, "Invalid character `#' in input."},
		{"#", func(l *Lexer) { l.Errorf("anything") }, "Invalid character `#' in input."},
		{"x", func(l *Lexer) { l.Errorf("%d%%", 7) }, "7%"},
	} {
		l := New(c.text)
		c.do(l)
		if err := l.Err(); err == nil || err.Error() != c.want || !l.Failed() {
			t.Errorf("%q: %v instead of %s", c.text, err, c.want)
		}
	}
}

func TestExpandTemplates(t *testing.T) {
	values := map[string]string{"vip": "10.0.0.1", "port": "80", "both": "^vip:^port"}
	var asked []string
	lookup := func(name string) (string, bool) {
		asked = append(asked, name)
		v, ok := values[name]
		return v, ok
	}
	for _, c := range []struct{ text, want, asked string }{
		{"ip4.dst == 10.0.0.1", "ip4.dst == 10.0.0.1", ""},
		{"ip4.dst == ^vip  && tcp.dst==^port", "ip4.dst == 10.0.0.1  && tcp.dst==80", "vip port"},
		{"^unknown^vip", "^unknown10.0.0.1", "unknown vip"},
		{`inport == "^vip" // ^vip`, `inport == "^vip" // ^vip`, ""},
		{"{^both}", "{^vip:^port}", "both"},
		{"^ ^1", "^ ^1", ""},
	} {
		asked = nil
		if got := ExpandTemplates(c.text, lookup); got != c.want || strings.Join(asked, " ") != c.asked {
			t.Errorf("%q became %q, asking for %v", c.text, got, asked)
		}
	}
}

// TestValue compares with numbers of any size.
func TestValue(t *testing.T) {
	all := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 128), big.NewInt(1))
	number := func(v Value) *big.Int {
		b := v.Bytes()
		return new(big.Int).SetBytes(b[:])
	}
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) Value {
			return Value{rapid.Uint64().Draw(t, name), rapid.Uint64().Draw(t, name)}.Shr(rapid.IntRange(0, 128).Draw(t, "shift"))
		}
		v, w, n := draw("v"), draw("w"), rapid.IntRange(0, 128).Draw(t, "n")
		x, y := number(v), number(w)
		check := func(what string, got Value, want *big.Int) {
			if number(got).Cmp(want) != 0 {
				t.Fatalf("%s of %x, %x, %d is %x", what, v, w, n, got)
			}
		}
		check("shl", v.Shl(n), new(big.Int).And(new(big.Int).Lsh(x, uint(n)), all))
		check("shr", v.Shr(n), new(big.Int).Rsh(x, uint(n)))
		check("and", v.And(w), new(big.Int).And(x, y))
		check("or", v.Or(w), new(big.Int).Or(x, y))
		check("xor", v.Xor(w), new(big.Int).Xor(x, y))
		check("and not", v.AndNot(w), new(big.Int).AndNot(x, y))
		check("ones", Ones(n), new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(n)), big.NewInt(1)))
		check("bytes", Bytes(v.Bytes()), x)
		if v.Compare(w) != x.Cmp(y) || v.Len() != x.BitLen() || v.IsZero() != (x.Sign() == 0) || v.Contains(w) != (new(big.Int).AndNot(y, x).Sign() == 0) {
			t.Fatalf("%x, %x", v, w)
		}
		if n < 128 && v.Bit(n) != (x.Bit(n) == 1) || !v.IsZero() && v.TrailingZeros() != int(x.TrailingZeroBits()) {
			t.Fatalf("bits of %x", v)
		}
	})
}

// FuzzLexer sees that the lexer gets to the end of any text, and that each token can be read again.
func FuzzLexer(f *testing.F) {
	for _, text := range []string{"a.b==1.2.3.4/24", `"\u0041\"`, "::1/::1", "0x1/0x3 /*", "@g $s ^t <-> -- ..", "01:02:03:04:05:06", "// c\n{}[]()"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n := 0
		for l := New(text); l.Token.Kind != End; l.Next() {
			if n++; n > len(text) {
				t.Fatalf("more tokens than characters in %q", text)
			}
			if l.Token.Kind == Bad || l.Token.Kind == String && strings.ContainsRune(l.Token.Text, '�') {
				continue
			}
			printed := l.Token.String()
			again := New(printed)
			if got := again.Token.String(); got != printed || again.Token.Kind != l.Token.Kind || again.Token.Value != l.Token.Value {
				t.Fatalf("%q became %q", printed, got)
			}
		}
		ExpandTemplates(text, func(name string) (string, bool) { return "v", true })
	})
}
