package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/spf13/cobra"
)

// ovnProgram knows OVN's languages, of which flowhost itself knows nothing.
const ovnProgram = "flowhost-ovn"

// newOVN makes the hidden `flowhost ovn`, which hands its words to ovnProgram: for those who look into logical flows.
func newOVN() *cobra.Command {
	return &cobra.Command{
		Use:                "ovn",
		Short:              "Show what becomes of matches and actions of OVN's logical flows",
		Hidden:             true,
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := findOVN()
			if err != nil {
				return err
			}
			program := exec.CommandContext(cmd.Context(), path, args...)
			program.Stdin, program.Stdout, program.Stderr = os.Stdin, os.Stdout, os.Stderr
			err = program.Run()
			var exit *exec.ExitError
			if errors.As(err, &exit) && exit.Exited() {
				return &exitError{code: exit.ExitCode()} // it has said why
			}
			return err
		},
	}
}

// findOVN looks for ovnProgram beside this one, and then where the shell looks.
func findOVN() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	dir := filepath.Dir(self)
	if path, err := exec.LookPath(filepath.Join(dir, ovnProgram)); err == nil {
		return path, nil
	}
	path, err := exec.LookPath(ovnProgram)
	if err != nil {
		return "", fmt.Errorf("no program %s in %s or $PATH; it is built and installed with flowhost", ovnProgram, dir)
	}
	return path, nil
}
