package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/flowhost/flowhost/sdk/flow"
)

// content is what a file says.
type content struct {
	flows  map[flow.Key]flow.Flow
	groups map[flow.GroupID]flow.Group
	meters map[flow.MeterID]flow.Meter
}

// readFile reads a file of flows, groups and meters.
func readFile(path string) (content, error) {
	file, err := os.Open(path)
	if err != nil {
		return content{}, err
	}
	defer file.Close()
	c, err := read(file)
	if err != nil {
		return content{}, fmt.Errorf("%s:%w", path, err)
	}
	return c, nil
}

// read reads flows, groups and meters, one a line; a line that begins with group_id= is a group, one with meter= a meter. As with
// ovs-ofctl, empty lines and what follows a # are nothing, and of two flows with one key, or two groups or meters with one id, the later
// one counts.
func read(r io.Reader) (content, error) {
	c := content{make(map[flow.Key]flow.Flow), make(map[flow.GroupID]flow.Group), make(map[flow.MeterID]flow.Meter)}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		if err := c.add(text); err != nil {
			return content{}, fmt.Errorf("%d: %w", n, err)
		}
	}
	return c, lines.Err()
}

func (c *content) add(text string) error {
	switch {
	case strings.HasPrefix(text, "group_id="):
		g, err := flow.ParseGroup(text)
		c.groups[g.ID] = g
		return err
	case strings.HasPrefix(text, "meter="):
		m, err := flow.ParseMeter(text)
		c.meters[m.ID] = m
		return err
	}
	f, err := flow.ParseFlow(text)
	c.flows[f.Key] = f
	return err
}
