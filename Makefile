# What a developer and CI run. Every tool is a Go module pinned in go.mod.
SHELL := bash
GO ?= go
ARGS ?=

.PHONY: help run build test test-race generate verify lint fuzz bench

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: ## start the server (ARGS="--secure-port=7443")
	$(GO) run ./cmd/gatehouse $(ARGS)

build: ## build bin/gatehouse
	$(GO) build -trimpath -o bin/gatehouse ./cmd/gatehouse

test: ## run all tests and fuzz the decoders (about a minute)
	$(GO) test ./...
	$(MAKE) fuzz
	hack/examples

test-race: ## run the tests under the race detector
	$(GO) test -race ./pkg/...

# The rounds are counted, because a limit of time makes go test fail now and then without a finding (golang/go#75804, mended in Go 1.27).
fuzz: ## fuzz the decoders and the checks of bodies (about a minute)
	$(GO) test ./pkg/apis -run '^$$' -fuzz FuzzDecode -fuzztime 100000x -fuzzminimizetime 1s
	for target in FuzzJSON FuzzCBOR FuzzProtobuf FuzzQuantities; do \
		$(GO) test ./pkg/server/bodies -run '^$$' -fuzz "^$$target$$" -fuzztime 30000x -fuzzminimizetime 1s || exit 1; \
	done

generate: ## write the zz_generated files and docs/api-coverage.md
	hack/generate

lint: ## gofmt, go vet, staticcheck
	hack/lint

verify: lint ## lint, and check that generated files and go.mod are up to date
	hack/verify

bench: build ## measure start, memory, rates and CPU (ARGS="-against DIR": and those of kube-apiserver and etcd in DIR)
	$(GO) run ./test/bench -server bin/gatehouse $(ARGS)
