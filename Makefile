# What a developer and CI run. Every tool is a Go module pinned in go.mod.
SHELL := bash
.SHELLFLAGS := -o pipefail -c
GO ?= go
ARGS ?=
# One build for all targets: what one has compiled, the others find in Go's build cache. With cgo the binary would be
# half as large again, and would need the libc of the machine. Only the race detector needs cgo.
export CGO_ENABLED := 0

.PHONY: help run build test test-race generate verify lint fuzz bench release image

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: ## start the server (ARGS="--secure-port=7443")
	$(GO) run ./cmd/gatehouse $(ARGS)

build: ## build bin/gatehouse
	$(GO) build -o bin/gatehouse ./cmd/gatehouse

test: ## run all tests and fuzz the decoders; prints what it is doing
	$(GO) test -timeout 30m -json ./... | $(GO) run ./test/progress
	$(MAKE) fuzz
	hack/examples

test-race: ## run the tests under the race detector
	CGO_ENABLED=1 $(GO) test -race -timeout 30m -json ./pkg/... | $(GO) run ./test/progress

# The rounds are counted, because a limit of time makes go test fail now and then without a finding (golang/go#75804, mended in Go 1.27).
fuzz: ## fuzz the decoders, and the checks of bodies and headers (about a minute)
	$(GO) test ./pkg/apis -run '^$$' -fuzz FuzzDecode -fuzztime 100000x -fuzzminimizetime 1s
	$(GO) test ./pkg/kubelet -run '^$$' -fuzz FuzzHeaderBound -fuzztime 100000x -fuzzminimizetime 1s
	for target in FuzzJSON FuzzCBOR FuzzProtobuf FuzzQuantities; do \
		$(GO) test ./pkg/server/bodies -run '^$$' -fuzz "^$$target$$" -fuzztime 30000x -fuzzminimizetime 1s || exit 1; \
	done

generate: ## write the zz_generated files and docs/api-coverage.md
	hack/generate

lint: ## gofmt, go vet, staticcheck
	hack/lint

verify: lint ## lint, and check that generated files and go.mod are up to date
	hack/verify

release: ## cross-compile for Linux, macOS and Windows into dist/, with checksums
	hack/release

image: ## write an OCI image for Linux on amd64 and arm64 into dist/; needs no daemon
	hack/release-image

bench: build ## measure start, memory, rates and CPU (ARGS="-against DIR": and those of kube-apiserver and etcd in DIR)
	$(GO) run ./test/bench -server bin/gatehouse $(ARGS)
