# Needs Go, git and make; for the race detector a C compiler too. The tools are built from tools/go.mod into .bin.

FUZZTIME ?= 30s
# The time limit of one package's tests.
TESTTIMEOUT ?= 5m
RACETIMEOUT ?= 8m

GO ?= go
BIN := .bin
# What git would track in tools/, so that an edit there rebuilds the tools.
TOOLSRC := tools/go.mod tools/go.sum $(wildcard tools/*/*.go)
# .ci/run sets it to collect the totals of all runs.
TOTALSFILE ?=
TOTALS = $(BIN)/totals $(if $(TOTALSFILE),-append "$(TOTALSFILE)")

.DEFAULT_GOAL := help
.PHONY: help build test check fmt fmtcheck vet lint arch race toolstest fuzz killtest chaos chaosmutants mutants bench clean

help: ## this list
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

build: ## build ./casepush
	CGO_ENABLED=0 $(GO) build -trimpath -o casepush ./cmd/casepush

test: $(BIN)/.built ## all tests: go test ./...
	@$(TOTALS) -label test -- -timeout $(TESTTIMEOUT) ./...

check: fmtcheck vet lint arch toolstest race ## formatting, vet, staticcheck, import rules, all tests with -race

fmt: $(BIN)/.built ## format all Go files
	$(BIN)/gofumpt -w .

fmtcheck: $(BIN)/.built
	@files=$$($(BIN)/gofumpt -l .) || exit 1; \
	if [ -n "$$files" ]; then echo "not formatted, make fmt does it:"; echo "$$files"; exit 1; fi

vet:
	$(GO) vet ./...

lint: $(BIN)/.built
	$(BIN)/staticcheck ./...

arch: ## the import rules and house limits alone
	$(GO) test ./internal/arch

toolstest:
	$(GO) -C tools vet ./... && $(GO) -C tools test ./...

# The race detector is linked by a C compiler; without one go has cgo off.
race: $(BIN)/.built ## all tests with -race
	@if [ "$$($(GO) env CGO_ENABLED)" = 1 ]; then \
		$(TOTALS) -label race -- -race -timeout $(RACETIMEOUT) ./...; \
	else \
		echo "NO RACE DETECTOR: it needs a C compiler, and there is none"; \
		$(TOTALS) -label no-race -- -timeout $(RACETIMEOUT) ./...; \
	fi

fuzz: ## each fuzz target for FUZZTIME (30s)
	@set -e; \
	grep -rEl --include='*_test.go' '^func Fuzz' . | sort | while read -r file; do \
		sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$$file" | while read -r target; do \
			echo "== $$target in $$(dirname "$$file")"; \
			$(GO) test -run='^$$' -fuzz="^$$target\$$" -fuzztime=$(FUZZTIME) "$$(dirname "$$file")" </dev/null || exit 1; \
		done || exit 1; \
	done

killtest: ## 300 cases while the worker is killed with SIGKILL; KILLTEST_SEED repeats one
	KILLTEST=full $(GO) test -count=1 -v -timeout 15m -run '^TestKills$$' ./internal/chaos

chaos: ## 2,000 cases while workers, NATS nodes and trackers fail; CHAOS_SEED repeats one
	CHAOS=full $(GO) test -count=1 -v -timeout 20m -run '^Test(Chaos|RetryAfter)$$' ./internal/chaos

chaosmutants: ## mistakes in the pusher, each of which the chaos must notice
	CHAOS=mutants $(GO) test -count=1 -v -timeout 30m -run '^TestChaosNoticesMutants$$' ./internal/chaos

mutants: ## mistakes in the pusher, each of which the crash histories must notice
	MUTANTS=all $(GO) test -count=1 -timeout 40m -v -run TestMutantsDie ./internal/push/mutants

bench: ## pushes a second, CPU, memory and delays beside other programs, in 16 minutes at most; BENCH=W1,W3 chooses
	BENCH=$(or $(BENCH),full) $(GO) test -count=1 -v -timeout 16m -run '^TestBench$$' ./internal/bench

clean: ## remove what was built
	rm -rf $(BIN) casepush

$(BIN)/.built: $(TOOLSRC)
	@mkdir -p $(BIN)
	$(GO) build -C tools -o ../$(BIN)/ mvdan.cc/gofumpt honnef.co/go/tools/cmd/staticcheck ./totals
	@touch $@
