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

test: ## Run all that CI runs: check, unit tests, end-to-end tests
	@scripts/test

test-redis: build build-redis host ## Run the end-to-end tests on Redis, by both ways to it (40 minutes)
	KEYBACK_STORE=redis cargo test --locked $(native) --no-fail-fast --package keyback-tests
	KEYBACK_STORE=outbound-redis cargo test --locked $(native) --no-fail-fast --package keyback-tests

check: wasm-target ## Check format, lints and documentation; warnings are errors
	cargo fmt --all --check
	cargo clippy --locked $(native) --package keyback --all-targets --all-features -- --deny warnings
	cargo clippy --locked $(native) --package keyback-host --all-targets -- --deny warnings
	cargo clippy --locked $(native) --package keyback-tests --all-targets -- --deny warnings
	cargo clippy --locked $(native) --package keyback-bench --all-targets -- --deny warnings
	cargo clippy --locked $(wasm) --package keyback --package keyback-spin $(wasm_packages) -- --deny warnings
	cargo clippy --locked $(wasm) --package keyback-spin --features redis -- --deny warnings
	RUSTDOCFLAGS="--deny warnings" cargo doc --locked $(native) --no-deps --package keyback
	RUSTDOCFLAGS="--deny warnings" cargo doc --locked $(native) --no-deps --package keyback-host
	RUSTDOCFLAGS="--deny warnings" cargo doc --locked $(native) --no-deps --package keyback-bench
	RUSTDOCFLAGS="--deny warnings" cargo doc --locked $(wasm) --no-deps --package keyback-spin $(wasm_packages)

deny: ## Check the crates: licences, duplicate versions, sources, known advisories
	@scripts/deny

sbom: ## Write what each component is made of into target/sbom
	@scripts/sbom

fuzz: ## Fuzz every parser of untrusted bytes, two minutes each (35 minutes)
	@scripts/fuzz

build: wasm-target ## Build the components
	cargo build --locked $(wasm) $(wasm_packages)

# Both builds write to the same files, so each replaces the other: the usual one comes last.
build-redis: wasm-target ## Build the components of spin-redis.toml, which keep what they store in a Redis of your own
	cargo build --locked $(wasm) --features redis $(redis_packages)
	@mkdir -p target/redis/wasm32-wasip2/release
	@cp $(redis_wasm) target/redis/wasm32-wasip2/release/
	@$(MAKE) --no-print-directory build

host: ## Build the embedded host, target/host/keyback-host
	cargo build --locked $(native) --package keyback-host

release: wasm-target sbom ## Build the components reproducibly, and pack them with the SBOM, for registries and servers, into target/dist
	@scripts/release

bench: build host ## Measure every call against a native reference, into docs/performance.md (10 minutes)
	@scripts/bench full

bench-quick: build host ## Measure less, in two minutes, and only print it
	@scripts/bench quick

crash: build host ## Kill the host a hundred times under load, each time on the same files (10 minutes)
	KEYBACK_CRASH_ROUNDS=100 cargo test --locked $(native) --package keyback-tests -- --nocapture crash::

faults: build host ## Thousands of seeded plans of faults in memory, and a hundred on the served app (an hour)
	KEYBACK_FAULT_PLANS=20000 cargo test --locked $(native) --package keyback --all-features --lib -- --nocapture fault_plans::
	KEYBACK_FAULT_PLANS=100 cargo test --locked $(native) --package keyback-tests -- --nocapture faults::

soak: build host ## Ten minutes of mixed load, into docs/reliability.md
	cargo run --locked $(native) --package keyback-bench -- soak --write docs/reliability.md

overload: build host ## Sign in over more connections than can be served, for a minute, into docs/reliability.md
	cargo run --locked $(native) --package keyback-bench -- overload --write docs/reliability.md

screenshots: build host ## Pictures of every page, state and mail, into target/screenshots
	@scripts/browser-tests --screenshots
	@scripts/browser-tests --mails

wasm-target: ## Make Rust's target wasm32-wasip2 available
	@scripts/wasm-target

clean: ## Delete what was built; .keyback/ (demo data, development secrets) stays
	cargo clean

help: ## List these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) | while IFS='|' read -r target text; do printf '  %-12s %s\n' "$$target" "$$text"; done
