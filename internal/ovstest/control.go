package ovstest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// Control asks a daemon of Open vSwitch or OVN through its control socket. It is what ovs-appctl does, without a process for each
// question: a call of JSON-RPC 1.0, whose parameters and result are text (unixctl).
func (s *Sandbox) Control(name, command string, args ...string) (string, error) {
	out, err := s.control(name, command, append([]string{}, args...)) // an empty list, not null
	if err != nil {
		err = fmt.Errorf("%s %s: %w", name, strings.Join(append([]string{command}, args...), " "), err)
	}
	return out, err
}

func (s *Sandbox) control(name, command string, args []string) (string, error) {
	socket := s.run(name + ".ctl")
	if name != Northbound && name != Southbound { // these have been told theirs; the name of others' is made from the process id
		socket = s.run(fmt.Sprintf("%s.%d.ctl", name, s.Pid(name)))
	}
	ctx, cancel := context.WithTimeout(context.Background(), toolTimeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(toolTimeout)); err != nil {
		return "", err
	}
	if err := json.NewEncoder(conn).Encode(map[string]any{"id": 0, "method": command, "params": args}); err != nil {
		return "", err
	}
	var answer struct {
		Result string
		Error  *string
	}
	if err := json.NewDecoder(conn).Decode(&answer); err != nil {
		return "", err
	}
	if answer.Error != nil {
		return "", errors.New(strings.TrimSpace(*answer.Error))
	}
	return answer.Result, nil
}
