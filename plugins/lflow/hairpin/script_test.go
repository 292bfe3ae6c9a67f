package hairpin

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/flowhost/flowhost/internal/ovn/sb"
	"github.com/flowhost/flowhost/plugins/lflow/dialect"
	"github.com/flowhost/flowhost/plugins/lflow/golden"
)

// TestScript runs testdata/flows.txt: "flows" are those of the load balancer since the last.
func TestScript(t *testing.T) {
	golden.Test(t, "testdata/flows.txt", func(*testing.T) golden.Command {
		s := &script{dialect: dialect.Default()}
		s.reset()
		return s.run
	})
}

// script is what the lines since the last "flows" have set.
type script struct {
	dialect *dialect.Dialect
	row     *sb.LoadBalancer
	options Options
}

func (s *script) reset() {
	s.row = &sb.LoadBalancer{
		UUID: "aabbccdd-0000-0000-0000-000000000001", Vips: map[string]string{}, Options: map[string]string{},
	}
	s.options = Options{Datapaths: []uint32{3, 4}, CTMark: true, Template: func(name string) (string, bool) {
		value, ok := map[string]string{"vip": "10.0.0.10", "backends": "10.0.0.1:8080,10.0.0.2:8080"}[name]
		return value, ok
	}}
}

func (s *script) run(t *testing.T, out *strings.Builder, name, rest string) {
	switch name {
	case "", "#":
	case "dialect":
		s.dialect = golden.Dialect(t, rest)
	case "vip":
		key, value, _ := strings.Cut(rest, "=")
		s.row.Vips[key] = value
	case "protocol":
		s.row.Protocol = &rest
	case "option":
		key, value, _ := strings.Cut(rest, "=")
		s.row.Options[key] = value
	case "datapaths":
		s.options.Datapaths = nil
		for _, word := range strings.Fields(rest) {
			key, err := strconv.ParseUint(word, 10, 32)
			if err != nil {
				t.Fatal(err)
			}
			s.options.Datapaths = append(s.options.Datapaths, uint32(key))
		}
	case "label":
		s.options.CTMark = false
	case "flows":
		flows, err := Flows(s.dialect, s.row, s.options)
		golden.Flows(out, flows, err)
		s.reset()
	default:
		t.Fatalf("no command %q", name)
	}
}

// BenchmarkFlows is a load balancer with as many virtual addresses and backends as a small service has.
func BenchmarkFlows(b *testing.B) {
	d, row := dialect.Default(), &sb.LoadBalancer{Vips: map[string]string{"10.0.0.10:80": "10.0.0.1:8080,10.0.0.2:8080,10.0.0.3:8080"}}
	b.ReportAllocs()
	for b.Loop() {
		if flows, err := Flows(d, row, Options{CTMark: true}); err != nil || len(flows) != 4 {
			b.Fatal(len(flows), err)
		}
	}
}

func FuzzVIP(f *testing.F) {
	f.Add("10.0.0.10:80", "10.0.0.1:80,10.0.0.2:80")
	f.Add("[fd00::10]", "fd00::1,[fd00::2]")
	f.Add("0.0.0.0:1", "") // Open vSwitch translates to no such address
	f.Fuzz(func(t *testing.T, key, value string) {
		row := &sb.LoadBalancer{Vips: map[string]string{key: value}}
		flows, err := Flows(dialect.Default(), row, Options{})
		if (len(flows) == 0) != errors.Is(err, ErrVIP) {
			t.Errorf("%q=%q: %d flows, %v", key, value, len(flows), err)
		}
	})
}
