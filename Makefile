# What one types. `make help` lists it; README.md says what for.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup setup-test run test bench bench-solver fmt lint clean

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install what building and running need (apt and npm packages), prepare the pages
	@scripts/setup build

setup-test: ## install what the tests need besides (PostgreSQL, Chromium, fonts)
	@scripts/setup build test

run: setup ## build in release and start the demo on http://127.0.0.1:8080
	@scripts/run

test: setup-test ## all tests, on SQLite and on a PostgreSQL of their own, and in a browser
	@scripts/test

bench: setup ## print the measurements: imports, index, snapshot, pages, against baselines
	@echo "domesday: building in release"
	@cargo build --release
	@RUST_LOG=warn cargo run --release --quiet -- bench

bench-solver: setup ## measure the solver beside others and write solver/BENCHMARKS.md (ARGS="--only classic", "--with-england")
	@echo "domesday: building in release"
	@cargo run --release --quiet -p domesday-solver --example bench -- $(ARGS) --write solver/BENCHMARKS.md

fmt: ## format the code
	@cargo fmt --all

lint: setup ## formatting and clippy, as CI wants them
	@cargo fmt --all --check
	@cargo clippy --workspace --all-targets -- -D warnings

clean: ## remove what was built and the demo's data
	@cargo clean
	@rm -rf web/node_modules web/dist .run
