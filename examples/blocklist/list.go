package main

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk/flow"
)

// priority is above what OVN has in table 0 (up to 180).
const priority = 900

// period is how often the file is looked at.
const period = 500 * time.Millisecond

// lists yields the flows for the list in the file, now and after each change of the file, until ctx ends. An error is the last
// thing it yields.
func lists(ctx context.Context, path string) iter.Seq2[map[uuid.UUID]flow.Flow, error] {
	return func(yield func(map[uuid.UUID]flow.Flow, error) bool) {
		var seen []byte
		for ctx.Err() == nil {
			text, err := os.ReadFile(path)
			if err != nil {
				yield(nil, err)
				return
			}
			if seen == nil || !bytes.Equal(text, seen) {
				seen = text
				if list, err := parse(string(text)); !yield(list, err) || err != nil {
					return
				}
			}
			select {
			case <-time.After(period):
			case <-ctx.Done():
			}
		}
	}
}

// parse reads one address or prefix a line. Empty lines are left out, and what is behind a "#".
func parse(text string) (map[uuid.UUID]flow.Flow, error) {
	list := make(map[uuid.UUID]flow.Flow)
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		source, err := parseSource(line)
		if err == nil {
			list[sourceUUID(source)], err = drop(source)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	return list, nil
}

func parseSource(line string) (netip.Prefix, error) {
	if strings.Contains(line, "/") {
		prefix, err := netip.ParsePrefix(line)
		return prefix.Masked(), err
	}
	addr, err := netip.ParseAddr(line)
	return netip.PrefixFrom(addr, addr.BitLen()), err
}

// sourceUUID makes the flow's UUID from what the flow is about, so that it is the same after a restart.
func sourceUUID(source netip.Prefix) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(source.String()))
}

// drop is the flow that drops what comes from source.
func drop(source netip.Prefix) (flow.Flow, error) {
	field := flow.IPSrc
	if source.Addr().Is6() {
		field = flow.IPv6Src
	}
	match, err := flow.NewMatch(field.IsPrefix(source))
	return flow.Flow{Key: flow.Key{Table: 0, Priority: priority, Match: match}}, err
}
