#!/bin/sh
# Makes the Go code of flowhost.proto anew: Debian's protoc (protobuf-compiler), and the two generators that go.mod pins as tools.
set -e
cd "$(dirname "$0")"
bin=$(mktemp -d)
trap 'rm -r "$bin"' EXIT
go build -o "$bin" google.golang.org/protobuf/cmd/protoc-gen-go google.golang.org/grpc/cmd/protoc-gen-go-grpc
PATH="$bin:$PATH" protoc --go_out=paths=source_relative:. --go-grpc_out=paths=source_relative:. flowhost/v1/flowhost.proto
