# SPDX-License-Identifier: Apache-2.0
# A thin front: each target calls one script or CMake preset, which can be called without make as well.
# Variables given on the command line (make test STAGES=unit) reach the scripts through the environment.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# make image IMAGE=registry/name:tag
IMAGE ?= interlude:dev
# the cluster that cluster-up, cluster-down and demo use
CLUSTER ?= main
# what make test runs, of: deps build unit oracle model lint integration faults e2e (default: all)
STAGES ?=
# how long make soak walks, and what it runs, of: walks matrix wire states quiet e2e model (default: all)
FOR ?= 30m
PROOFS ?=
# files for make fmt
FORMATTED = $(shell find controller tests -name '*.[ch]' -not -path '*/build/*' | sort)

export IMAGE CLUSTER
# Where Go's own release puts itself; the PATH of root often lacks it.
export PATH := $(PATH):/usr/local/go/bin

.PHONY: help
help: ## list the targets
	@printf 'Interlude: database schema migrations on Kubernetes\n\n'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: deps
deps: ## install the Debian packages and tools that are missing
	@.ci/deps

.PHONY: build
build: ## build/release/interlude, optimised and hardened
	@command -v cmake >/dev/null || { echo 'build: cmake is missing; make deps installs it' >&2; exit 1; }
	@cmake --preset release >/dev/null
	@cmake --build --preset release

.PHONY: test
test: ## everything that CI runs; STAGES="unit lint" for a part
	@.ci/test $(STAGES)

.PHONY: lint
lint: ## format, clang-tidy, gcc -fanalyzer, shellcheck, spelling, layers, sizes, manifests
	@.ci/lint

.PHONY: fmt
fmt: ## format the C sources in place
	@clang-format -i $(FORMATTED)

.PHONY: image
image: build ## build/image/interlude.tar, a container image; IMAGE=name:tag
	@.ci/image/build --tag "$(IMAGE)"

.PHONY: cluster-up
cluster-up: ## start a real local cluster; CLUSTER=name; needs root
	@tests/cluster/up --name "$(CLUSTER)"

.PHONY: cluster-down
cluster-down: ## stop that cluster; CLUSTER=name
	@tests/cluster/down --name "$(CLUSTER)"

.PHONY: demo
demo: ## a first migration on a local cluster, step by step
	@tests/demo/run

.PHONY: bench
bench: ## measure Interlude against a real API server
	@tests/bench/run

.PHONY: soak
soak: ## all the slow proofs, with random walks for FOR=30m; PROOFS="walks matrix" for some
	@.ci/soak "$(FOR)" $(PROOFS)

.PHONY: mutants
mutants: ## break each rule of the run protocol on purpose: the tests must notice
	@tests/mutants/run

.PHONY: clean
clean: ## remove everything that was built
	@rm -rf build
