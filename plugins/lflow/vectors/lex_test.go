package vectors

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/flowhost/flowhost/plugins/lflow/lex"
)

// lexCase is a text and its tokens.
type lexCase struct {
	Input, Expected string
	Tokens          []struct{ Text, Type, Format, Value, Mask, S string }
	HasError        *bool `json:"has_error"`
}

func checkLex(*version) check {
	return func(line []byte) error {
		var c lexCase
		if err := json.Unmarshal(line, &c); err != nil {
			return err
		}
		var texts []string
		bad := false
		for l := lex.New(c.Input); l.Token.Kind != lex.End; l.Next() {
			t := l.Token
			bad = bad || t.Kind == lex.Bad
			if i := len(texts); c.Tokens != nil {
				if i >= len(c.Tokens) {
					return fmt.Errorf("more than %d tokens", i)
				}
				want := c.Tokens[i]
				if err := differs("token", describe(t), strings.Join([]string{want.Text, want.Type, want.Format, want.Value, want.Mask, want.S}, "|")); err != nil {
					return err
				}
			}
			texts = append(texts, t.String())
		}
		if c.Tokens != nil && len(texts) != len(c.Tokens) {
			return fmt.Errorf("%d tokens instead of %d", len(texts), len(c.Tokens))
		}
		if c.HasError != nil && *c.HasError != bad {
			return fmt.Errorf("error: %v instead of %v", bad, *c.HasError)
		}
		return differs("result", strings.Join(texts, " "), c.Expected)
	}
}

// describe is a token the way the vectors do it.
func describe(t lex.Token) string {
	kinds := map[lex.Kind]string{lex.ID: "id", lex.String: "string", lex.Integer: "integer", lex.MaskedInteger: "masked_integer",
		lex.Macro: "macro", lex.PortGroup: "port_group", lex.Template: "template", lex.Bad: "error"}
	kind, ok := kinds[t.Kind]
	if !ok {
		kind = "op"
	}
	var format, value, mask string
	if t.Kind == lex.Integer || t.Kind == lex.MaskedInteger {
		format = [...]string{"decimal", "hex", "ipv4", "ipv6", "ethernet"}[t.Format]
		value = "0x" + strings.TrimPrefix(string(lex.AppendHex(nil, t.Value)), "0x")
	}
	if t.Kind == lex.MaskedInteger {
		mask = "0x" + strings.TrimPrefix(string(lex.AppendHex(nil, t.Mask)), "0x")
	}
	return strings.Join([]string{t.String(), kind, format, value, mask, t.Text}, "|")
}
