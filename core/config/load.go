package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Load reads the file at path, and then each conf.d/*.yaml beside it, in the order of their names. Those add plugins, and may set
// what no file before has set. All of it is read strictly: an unknown key is an error that names file and line. The result
// still lacks the built-in values: see Complete.
func Load(path string) (*Config, error) {
	more, err := filepath.Glob(filepath.Join(filepath.Dir(path), "conf.d", "*.yaml")) // sorted
	if err != nil {
		return nil, err
	}
	c := &Config{at: place{keys: make(map[string]string)}}
	for _, file := range append([]string{path}, more...) {
		if err := c.add(file); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// add reads one more file.
func (c *Config) add(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return unreadable(file, err)
	}
	if document.Kind == 0 {
		return nil // nothing but comments
	}
	root := document.Content[0]
	if err := c.note(placeOf(file, root)); err != nil {
		return err
	}
	before := c.Plugins
	c.Plugins = nil
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(c); err != nil {
		return unreadable(file, err)
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: %s: more than one document", ErrInvalid, file)
	}
	for i := range c.Plugins {
		c.Plugins[i].at = placeOf(file, valueOf(root, "plugins").Content[i])
	}
	c.Plugins = append(before, c.Plugins...)
	return nil
}

// note remembers where the keys of one more file stand, of which only plugins may be in several.
func (c *Config) note(here place) error {
	for key, at := range here.keys {
		if before, twice := c.at.keys[key]; twice && key != "plugins" {
			return here.invalid(key, "%s is set already, at %s", key, before)
		}
		c.at.keys[key] = at
	}
	return nil
}

// valueOf returns the value of a key of a mapping, nil if there is none.
func valueOf(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}

var unknownKey = regexp.MustCompile(`^line (\d+): field (\S+) not found in type \S+$`)

// unreadable says in one line what a decoder says in one or several, which begin with "line N: ".
func unreadable(file string, err error) error {
	lines := []string{strings.TrimPrefix(err.Error(), "yaml: ")}
	var several *yaml.TypeError
	if errors.As(err, &several) {
		lines = several.Errors
	}
	for i, line := range lines {
		line = unknownKey.ReplaceAllString(line, "line $1: unknown key $2")
		if rest, found := strings.CutPrefix(line, "line "); found {
			lines[i] = file + ":" + rest
		} else {
			lines[i] = file + ": " + line
		}
	}
	return fmt.Errorf("%w: %s", ErrInvalid, strings.Join(lines, "; "))
}
