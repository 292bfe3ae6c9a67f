# Everything one does with flowhost. What the targets need and is missing, `make deps` installs.

PACKAGES ?= ./...
PLUGINS  := $(sort $(notdir $(patsubst %/,%,$(dir $(wildcard plugins/*/*.go)))))
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null)
BUILD    := CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '-X main.release=$(VERSION)'

# What `make bench` runs: Go benchmarks, and what prints `bar` lines: a measurement held against what must be reached.
BENCH_PACKAGES := ./core/... ./sdk/... ./internal/ovn/... ./e2e
BAR_TESTS      := ./core/table ./sdk/flow ./plugins/lflow/vectors
BAR_PROGRAMS   := ./internal/ovn/ovsdb/bars

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help deps build test race bench soak demo demo-env demo-host demo-stop lint fmt proto clean demo-program

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## install the Debian packages and Go modules that are missing; starts no service
	@tools/deps.sh
	@go mod download
	@go mod download -modfile=tools/go.mod

build: ## build flowhost and its plugins into bin/
	@$(BUILD) -o bin/flowhost ./cmd/host
	@for name in $(PLUGINS); do $(BUILD) -o bin/flowhost-plugin-$$name ./plugins/$$name || exit 1; done

test: deps build ## run all tests, those against real Open vSwitch and OVN daemons too
	FLOWHOST_REQUIRE_OVS=1 go test -count=1 -timeout 9m $(PACKAGES)

race: deps build ## run the tests with the race detector; PACKAGES="./core/..." for some
	FLOWHOST_REQUIRE_OVS=1 go test -race -count=1 -timeout 20m $(PACKAGES)

bench: deps build ## run the benchmarks; `bar` lines at the end of each hold figures against what must be reached
	@failed=; run() { "$$@" || failed=1; }; \
	run go test -run '^$$' -bench . -benchmem -benchtime 1x $(BENCH_PACKAGES); \
	for package in $(BAR_TESTS); do run go test -v -count=1 -run 'Bars$$' $$package -bars; done; \
	for program in $(BAR_PROGRAMS); do run go run $$program; done; \
	test -z "$$failed"

soak: deps ## run the tests that take an hour: databases of half a million rows, 20,000 random flows on a switch
	FLOWHOST_REQUIRE_OVS=1 FLOWHOST_RANDOM=1 FLOWHOST_FLOWS=20000 go test -count=1 -timeout 30m -run '^TestRealSwitch$$' ./sdk/flow
	FLOWHOST_RANDOM=1 go test -count=20 -timeout 30m -run '^TestModel$$' ./core/table
	FLOWHOST_REQUIRE_OVS=1 FLOWHOST_SOAK=1 go test -count=1 -timeout 90m ./internal/ovn/ovsdb

demo: deps build demo-program ## show flowhost at work on a private Open vSwitch and OVN; stays up
	@bin/flowhost-demo start

demo-env: demo-program ## print what makes your shell's tools talk to the demo: eval "$(make -s demo-env)"
	@bin/flowhost-demo env

demo-host: build demo-program ## start the demo's flowhost again after it was killed
	@bin/flowhost-demo host

demo-stop: demo-program ## stop the demo and remove its folder
	@bin/flowhost-demo stop

demo-program:
	@$(BUILD) -o bin/flowhost-demo ./internal/ovstest/demo

lint: deps ## go vet, gofmt, staticcheck
	go vet ./...
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "not formatted, see make fmt: $$unformatted"; exit 1; }
	go tool -modfile=tools/go.mod staticcheck ./...

fmt: ## format the Go code
	gofmt -l -w .

proto: deps ## make the generated code again: protobuf, and the OVSDB models
	go generate ./...

clean: ## remove what was built
	rm -rf bin
