package main

import "runtime/debug"

// release is set by the linker (-X main.release=v1.2.3-4-gabcdef).
var release string

// version is what `flowhost --version` prints: the release, or else what the Go toolchain knows of the module.
func version() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}
