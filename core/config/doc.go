// Package config is flowhost's configuration: one struct, read strictly from a YAML file, filled up with what is built
// in, and validated as a whole, so that the rest of the host never meets a value it cannot use.
//
// A file says what differs from the built-in values:
//
//	bridge: br-int
//	plugins:
//	  - name: neighbor
//	  - name: blocklist
//	    path: /usr/local/bin/blocklist
//	    slot: 7
//	    tables: [0]
//	    priorities: [900-999]
//
// The plugins that ship with flowhost (lflow, physical, neighbor, chassis) have built-in fences; a file may change them. Any other
// plugin may do nothing until the file says what. Files conf.d/*.yaml beside it add plugins: one for each package that brings one.
//
// The way of a configuration: Load reads the files, the caller lays flags over it, Complete fills in what they leave out and
// checks the whole, Remember writes down the slots it gave, and Compare tells what differs from the one that is running.
package config
