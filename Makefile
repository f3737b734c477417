# `make run` and `make test` do all set-up by themselves; see README.md.
.PHONY: run test docs setup

run: setup
	@assets/scripts/run.sh

test: setup
	cargo fmt --check
	cargo clippy --release --all-targets --locked -- -D warnings
	cargo test --release --locked

docs: setup
	@assets/scripts/docs.sh

setup:
	@assets/scripts/setup.sh
