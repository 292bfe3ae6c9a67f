package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// assignSlots gives every plugin without a slot the one that StateDir/slots.json has for its name, or else one that nobody has:
// adding or removing one owner moves no other's, and cookies and ids mean the same after a restart. A slot once given stays with
// its name even while the plugin is not configured. Slot 0 is never given: it belongs to OVN's own sources.
func (c *Config) assignSlots() error {
	slots, err := readSlots(c.slotFile())
	if err != nil {
		return err
	}
	used := map[uint8]bool{0: true}
	for _, s := range slots {
		used[s] = true
	}
	for _, p := range c.Plugins {
		if p.Slot != nil {
			used[*p.Slot] = true
		}
	}
	for i := range c.Plugins {
		p := &c.Plugins[i]
		if p.Slot != nil {
			continue
		}
		slot, known := slots[p.Name]
		if !known {
			if slot, err = freeSlot(used); err != nil {
				return fmt.Errorf("plugin %s: %w", p.Name, err)
			}
			slots[p.Name], used[slot] = slot, true
			c.slots = slots
		}
		p.Slot = &slot
	}
	return nil
}

// Remember writes the slots that Complete has given, if there are new ones. It comes before anything is done with them.
func (c *Config) Remember() error {
	if c.slots == nil {
		return nil
	}
	return writeSlots(c.slotFile(), c.slots)
}

func (c *Config) slotFile() string { return filepath.Join(c.StateDir, "slots.json") }

func freeSlot(used map[uint8]bool) (uint8, error) {
	for s := 1; s <= 255; s++ {
		if !used[uint8(s)] {
			return uint8(s), nil
		}
	}
	return 0, fmt.Errorf("%w: all 255 cookie slots are taken", ErrInvalid)
}

func readSlots(path string) (map[string]uint8, error) {
	slots := make(map[string]uint8)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return slots, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &slots); err != nil {
		return nil, fmt.Errorf("%s: %w; remove the file to have slots given anew", path, err)
	}
	return slots, nil
}

// writeSlots replaces the file in one step: a host killed in between leaves the old one.
func writeSlots(path string, slots map[string]uint8) error {
	text, err := json.MarshalIndent(slots, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
