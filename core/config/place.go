package config

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// place is where in the files a mapping stands, for errors. What a flag said stands nowhere.
type place struct {
	mapping string            // "FILE:LINE"; "" if it is nowhere, or in several files
	keys    map[string]string // the same of its keys
}

// placeOf is the place of a mapping. Anything else has no keys.
func placeOf(file string, n *yaml.Node) place {
	at := func(n *yaml.Node) string { return fmt.Sprintf("%s:%d", file, n.Line) }
	p := place{mapping: at(n), keys: make(map[string]string)}
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		p.keys[n.Content[i].Value] = at(n.Content[i])
	}
	return p
}

// of is the place of a key, or else of the mapping.
func (p place) of(key string) string {
	if at, ok := p.keys[key]; ok {
		return at
	}
	return p.mapping
}

// invalid is an error about a key's value.
func (p place) invalid(key, format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	if at := p.of(key); at != "" {
		text = at + ": " + text
	}
	return fmt.Errorf("%w: %s", ErrInvalid, text)
}
