package main

import (
	"fmt"
	"strings"

	"github.com/flowhost/flowhost/core/config"
	"github.com/spf13/cobra"
)

// defaultConfig is the file of a host that was installed.
const defaultConfig = "/etc/flowhost/config.yaml"

func newConfig() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Check the configuration, or show what is built in",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newConfigCheck(), &cobra.Command{
		Use:   "default",
		Short: "Print a configuration file with every key and its built-in value",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(cmd.OutOrStdout(), config.Default)
			return err
		},
	})
	return cmd
}

const checkHelp = `Read the configuration file, and conf.d/*.yaml beside it, as "flowhost run" and SIGHUP do, and say whether all of it is
good. An error names the file and the line. Nothing is changed.`

func newConfigCheck() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Say whether the configuration is good",
		Long:  checkHelp,
		Args:  cobra.NoArgs,
	}
	cmd.Flags().StringVar(&file, "config", defaultConfig, "configuration `file`")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := (&runFlags{file: file}).config()
		if err != nil {
			return err
		}
		if err := checkPlugins(c.Plugins); err != nil {
			return err
		}
		var names []string
		for i := range c.Plugins {
			names = append(names, c.Plugins[i].Name)
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is good; bridge %s, plugins: %s\n", file, c.Bridge, orDash(strings.Join(names, ", ")))
		return err
	}
	return cmd
}
