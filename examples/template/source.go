package main

import (
	"context"
	"fmt"
	"iter"
	"os"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/flowhost/flowhost/sdk/flow"
)

// inputs yields what the flows are made from, now and after each change, until ctx ends. An error is the last thing it yields.
//
// Here it is a list of ports in the environment, which never changes. Yours may be a file, a database or a message queue; yield
// nothing before it is complete, because what is not said to Replace is deleted.
func inputs(context.Context) iter.Seq2[[]uint16, error] {
	return func(yield func([]uint16, error) bool) {
		var ports []uint16
		for text := range strings.FieldsSeq(os.Getenv("MYSOURCE_PORTS")) {
			port, err := strconv.ParseUint(text, 10, 16)
			if err != nil {
				yield(nil, fmt.Errorf("MYSOURCE_PORTS: %q is not a port", text))
				return
			}
			ports = append(ports, uint16(port))
		}
		yield(ports, nil)
	}
}

// wanted are the flows that follow from the inputs, each with the UUID of the thing it is made from. The UUID is made from that thing's
// name, never drawn by lot, so that it is the same after a restart.
func wanted(ports []uint16) (map[uuid.UUID]flow.Flow, error) {
	flows := make(map[uuid.UUID]flow.Flow)
	for _, port := range ports {
		f, err := flow.ParseFlow(fmt.Sprintf("table=0,priority=900,tcp,tp_dst=%d actions=drop", port))
		if err != nil {
			return nil, err
		}
		flows[uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "tcp port %d", port))] = f
	}
	return flows, nil
}
