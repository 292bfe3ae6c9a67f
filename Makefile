# Everything one does with flowhost. What the targets need and is missing, `make deps` installs.

PACKAGES ?= ./...
SCENARIOS ?= e2e/parity/testdata
SEED      ?= 1
STEPS     ?= 100
PLUGINS  := $(sort $(notdir $(patsubst %/,%,$(dir $(wildcard plugins/*/*.go)))))
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null)
BUILD    := CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '-X main.release=$(VERSION)'

# What `make bench` runs: Go benchmarks, and what prints `bar` lines: a measurement held against what must be reached.
BENCH_PACKAGES := ./core/... ./sdk/... ./internal/ovn/... ./examples/python ./e2e
BAR_TESTS      := ./core/table ./sdk/flow ./plugins/lflow/vectors
BAR_PROGRAMS   := ./internal/ovn/ovsdb/bars

# What runs on machines of its own: containers, or namespaces.
E2E_PACKAGES := ./e2e/machine ./e2e/cloud ./e2e/packets ./e2e/fault
E2E          := FLOWHOST_REQUIRE_OVS=1 go test -v -p 1 -count=1 -timeout 30m $(E2E_PACKAGES)
E2E_SHOWN    := grep -v '^ *\(===\|--- PASS\)'

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help deps build test race bench bench-switch bench-node bench-fleet e2e e2e-local e2e-soak parity parity-walk parity-soak rows soak demo demo-env demo-host demo-stop lint fmt proto clean demo-program

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## install the Debian packages and Go modules that are missing; starts no service
	@tools/deps.sh
	@go mod download
	@go mod download -modfile=tools/go.mod

build: ## build flowhost and its plugins into bin/
	@$(BUILD) -o bin/flowhost ./cmd/host
	@$(BUILD) -o bin/flowhost-ovn ./plugins/lflow/ovn
	@for name in $(PLUGINS); do $(BUILD) -o bin/flowhost-plugin-$$name ./plugins/$$name || exit 1; done

test: deps build ## run all tests, those against real Open vSwitch and OVN daemons too
	FLOWHOST_REQUIRE_OVS=1 go test -count=1 -timeout 9m $(PACKAGES)
	cd examples/template && go vet ./... && go test -count=1 ./... # a module of its own, as an author's is

race: deps build ## run the tests with the race detector; PACKAGES="./core/..." for some
	FLOWHOST_REQUIRE_OVS=1 go test -race -count=1 -timeout 20m $(PACKAGES)

bench: deps build ## run the benchmarks; `bar` lines at the end of each hold figures against what must be reached
	@failed=; run() { "$$@" || failed=1; }; \
	run go test -run '^$$' -bench . -benchmem -benchtime 1x $(BENCH_PACKAGES); \
	for package in $(BAR_TESTS); do run go test -v -count=1 -run 'Bars$$' $$package -bars; done; \
	for program in $(BAR_PROGRAMS); do run go run $$program; done; \
	test -z "$$failed"

bench-switch: deps build ## hold loads, changes and reconnects on a real ovs-vswitchd against their bars; BARS="-only cpu" for some
	@go run ./e2e/bars $(BARS)

bench-node: deps build ## measure a node beside ovn-controller: start, changes, cost; BARS="-only rest -flows 1k -runs 3", BARS=-self to compare that with itself
	@$(BUILD) -o bin/flowhost-plugin-ofctl ./examples/ofctl
	@go run ./e2e/benchnode $(BARS)

bench-fleet: deps build ## measure what nodes ask of one southbound database, directly and through a relay; BARS="-nodes 5,10,20 -changes 10"
	@go run ./e2e/benchfleet $(BARS)

e2e: deps ## test several nodes in Docker containers, from an image made here: packets, and which are lost when something is killed or cut
	@bash -o pipefail -c "FLOWHOST_E2E=docker $(E2E) | $(E2E_SHOWN)"

e2e-local: deps ## the same in namespaces of this machine, where no Docker engine runs
	@bash -o pipefail -c "FLOWHOST_E2E=local $(E2E) | $(E2E_SHOWN)"

e2e-soak: deps ## in Docker, every fault ten times with 50,000 flows: half an hour
	@bash -o pipefail -c "FLOWHOST_E2E=docker FLOWHOST_SOAK=1 $(subst 30m,90m,$(E2E)) | $(E2E_SHOWN)"

parity: deps ## compare with ovn-controller, flow for flow and packet for packet; SCENARIOS=PATH for other scenarios; SOURCES=ofctl, own (see e2e/parity)
	@bash -o pipefail -c "FLOWHOST_REQUIRE_OVS=1 go test -count=1 -timeout 60m -v -run '^TestScenarios\$$' ./e2e/parity \
		-args -scenarios $(abspath $(SCENARIOS)) | grep -v '^ *\(===\|---\|PASS\|ok\)'"

rows: SCENARIOS = e2e/rows/testdata e2e/parity/testdata
rows: deps ## compare what is written into the databases with what ovn-controller writes; SCENARIOS=PATHS for other scenarios, SELF=1: it with itself
	@bash -o pipefail -c "FLOWHOST_REQUIRE_OVS=1 go test -count=1 -timeout 60m -v -run '^TestScenarios\$$' ./e2e/rows \
		-args $(if $(SELF),-self) -scenarios '$(abspath $(SCENARIOS))' | grep -v '^ *\(===\|---\|PASS\|ok\)'"

parity-walk: deps ## compare with ovn-controller on a random walk; SEED=1 STEPS=100; one that fails is shrunk to a scenario
	FLOWHOST_REQUIRE_OVS=1 go test -count=1 -timeout 120m -v -run '^TestWalk$$' ./e2e/parity -args -walk.seed=$(SEED) -walk.steps=$(STEPS)

parity-soak: ## the same, 2,000 steps: three quarters of an hour
	@$(MAKE) parity-walk STEPS=2000

soak: deps ## run the tests that take an hour: databases of half a million rows, 20,000 random flows on a switch, adopting half a million flows
	FLOWHOST_REQUIRE_OVS=1 FLOWHOST_RANDOM=1 FLOWHOST_FLOWS=20000 go test -count=1 -timeout 30m -run '^TestRealSwitch$$' ./sdk/flow
	FLOWHOST_RANDOM=1 go test -count=20 -timeout 30m -run '^TestModel$$' ./core/table
	FLOWHOST_SOAK=1 go test -v -count=1 -timeout 30m -run FloodDelaysNobody ./core/source
	FLOWHOST_REQUIRE_OVS=1 FLOWHOST_SOAK=1 go test -count=1 -timeout 90m ./internal/ovn/ovsdb
	FLOWHOST_REQUIRE_OVS=1 FLOWHOST_SOAK=1 go test -count=1 -timeout 30m -v -run '^TestAdopt$$' ./e2e

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
