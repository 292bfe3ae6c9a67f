package config

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Bytes is a number of bytes. In YAML it is a number, or one with a unit: "256MiB", "2GiB".
type Bytes uint64

var units = []struct {
	name string
	size Bytes
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}}

// UnmarshalYAML implements yaml.Unmarshaler.
func (b *Bytes) UnmarshalYAML(n *yaml.Node) error {
	digits, size := n.Value, Bytes(1)
	for _, u := range units {
		if before, ok := strings.CutSuffix(n.Value, u.name); ok {
			digits, size = strings.TrimSpace(before), u.size
		}
	}
	v, err := strconv.ParseUint(digits, 10, 33)
	if err != nil {
		return fmt.Errorf("line %d: %q is not a number of bytes; write it as 268435456 or 256MiB", n.Line, n.Value)
	}
	*b = Bytes(v) * size
	return nil
}

// String is the number in the largest unit that it is a multiple of.
func (b Bytes) String() string {
	for i := len(units) - 1; i >= 0; i-- {
		if u := units[i]; b > 0 && b%u.size == 0 {
			return fmt.Sprintf("%d%s", b/u.size, u.name)
		}
	}
	return strconv.FormatUint(uint64(b), 10)
}
