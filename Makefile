.DEFAULT_GOAL := help

components := $(patsubst components/%/Cargo.toml,%,$(wildcard components/*/Cargo.toml))
# As in spin.toml: what `spin build` runs, for all components at once.
wasm := --release --target wasm32-wasip2
wasm_packages := $(addprefix --package ,$(components))
# As in spin-redis.toml: the components that have a store. `pages` has none.
redis_components := $(filter-out pages,$(components))
redis_packages := $(addprefix --package ,$(redis_components))
redis_wasm := $(addprefix target/wasm32-wasip2/release/,$(addsuffix .wasm,$(subst -,_,$(redis_components))))
# Native code is built in one profile, one package at a time, so that wasmtime is compiled only once.
native := --profile host

.PHONY: run test test-redis check deny sbom fuzz build build-redis host release bench bench-quick crash faults soak overload screenshots wasm-target clean help

run: ## Serve the app on 127.0.0.1:3000 with demo data and a development mailbox
	@scripts/run

test: ## Run everything CI runs: checks, unit tests, end-to-end tests and the rest
	@scripts/test

test-redis: build build-redis host ## Run the end-to-end tests on Redis, through Spin's store and directly (40 minutes)
	KEYBACK_STORE=redis cargo test --locked $(native) --no-fail-fast --package keyback-tests
	KEYBACK_STORE=outbound-redis cargo test --locked $(native) --no-fail-fast --package keyback-tests

check: wasm-target ## Check formatting, lints and documentation; warnings are errors
	cargo fmt --all --check
	cargo clippy --locked $(native) --package keyback --all-targets --all-features -- --deny warnings
	cargo clippy --locked $(native) --package argon2id-single-lane --all-targets -- --deny warnings
	cargo clippy --locked $(native) --package keyback-host --all-targets -- --deny warnings
	cargo clippy --locked $(native) --package keyback-tests --all-targets -- --deny warnings
	cargo clippy --locked $(native) --package keyback-bench --all-targets -- --deny warnings
	cargo clippy --locked $(wasm) --package argon2id-single-lane --package keyback --package keyback-spin $(wasm_packages) -- --deny warnings
	cargo clippy --locked $(wasm) --package keyback-spin --features redis -- --deny warnings
	CARGO_TARGET_DIR=target/fuzz/check cargo check --locked --manifest-path fuzz/Cargo.toml
	RUSTDOCFLAGS="--deny warnings" cargo doc --locked $(native) --no-deps --package keyback
	RUSTDOCFLAGS="--deny warnings" cargo doc --locked $(native) --no-deps --package argon2id-single-lane
	RUSTDOCFLAGS="--deny warnings" cargo doc --locked $(native) --no-deps --package keyback-host
	RUSTDOCFLAGS="--deny warnings" cargo doc --locked $(native) --no-deps --package keyback-bench
	RUSTDOCFLAGS="--deny warnings" cargo doc --locked $(wasm) --no-deps --package keyback-spin $(wasm_packages)

deny: ## Check the crates' licences, duplicate versions, sources and known advisories
	@scripts/deny

sbom: ## Write an SBOM for each component to target/sbom
	@scripts/sbom

fuzz: ## Fuzz every parser of untrusted bytes, two minutes each (35 minutes)
	@scripts/fuzz

build: wasm-target ## Build the components
	cargo build --locked $(wasm) $(wasm_packages)

# Both builds write to the same files, so each replaces the other: the usual one comes last.
build-redis: wasm-target ## Build the components of spin-redis.toml, which store everything in your own Redis
	cargo build --locked $(wasm) --features redis $(redis_packages)
	@mkdir -p target/redis/wasm32-wasip2/release
	@cp $(redis_wasm) target/redis/wasm32-wasip2/release/
	@$(MAKE) --no-print-directory build

host: ## Build the embedded host, target/host/keyback-host
	cargo build --locked $(native) --package keyback-host

release: wasm-target sbom ## Build reproducible release files (images, archive, SBOM) in target/dist
	@scripts/release

bench: build host ## Benchmark every call and update docs/performance.md (10 minutes)
	@scripts/bench full

bench-quick: build host ## Run a shorter benchmark and only print it (2 minutes)
	@scripts/bench quick

crash: build host ## Kill the host 100 times under load, reusing the same files (10 minutes)
	KEYBACK_CRASH_ROUNDS=100 cargo test --locked $(native) --package keyback-tests -- --nocapture crash::

faults: build host ## Run 20,000 seeded fault plans in memory and 100 against the served app (1 hour)
	KEYBACK_FAULT_PLANS=20000 cargo test --locked $(native) --package keyback --all-features --lib -- --nocapture fault_plans::
	KEYBACK_FAULT_PLANS=100 cargo test --locked $(native) --package keyback-tests -- --nocapture faults::

soak: build host ## Run mixed load and update docs/reliability.md (10 minutes)
	cargo run --locked $(native) --package keyback-bench -- soak --write docs/reliability.md

overload: build host ## Overload sign-in and update docs/reliability.md (1 minute)
	cargo run --locked $(native) --package keyback-bench -- overload --write docs/reliability.md

screenshots: build host ## Take screenshots of every page, state and email, in target/screenshots
	@scripts/browser-tests --screenshots
	@scripts/browser-tests --mails

wasm-target: ## Install the Rust target wasm32-wasip2 if it is missing
	@scripts/wasm-target

clean: ## Delete what was built, but not .keyback/ (demo data, development secrets)
	cargo clean

help: ## List these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) | while IFS='|' read -r target text; do printf '  %-12s %s\n' "$$target" "$$text"; done
