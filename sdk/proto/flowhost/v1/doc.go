// Package flowhostv1 is the generated code of flowhost.proto, the session between a flow source and the host. Authors of
// sources in Go use package sdk, which speaks it for them; what the messages mean is said in the .proto file.
package flowhostv1

//go:generate ../../generate.sh
