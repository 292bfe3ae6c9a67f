package lex

import "strings"

// ExpandTemplates replaces the template variables (^name) of a text by their values, which are text again but are not expanded
// once more. What is not known stays as it is; the parsers then refuse it. Inside of quotes there are no variables.
//
// lookup is asked for every variable, also for those it does not know, so that a caller learns what the text depends on.
func ExpandTemplates(text string, lookup func(name string) (string, bool)) string {
	if strings.IndexByte(text, '^') < 0 {
		return text
	}
	var b strings.Builder
	copied := 0
	for l := New(text); l.Token.Kind != End; l.Next() {
		if l.Token.Kind != Template {
			continue
		}
		if value, ok := lookup(l.Token.Text); ok {
			b.WriteString(text[copied:l.start])
			b.WriteString(value)
			copied = l.end
		}
	}
	b.WriteString(text[copied:])
	return b.String()
}
