#!/bin/sh
# Builds the `annex` binary as it is shipped and puts it where the first argument says. The Dockerfile and .ci/run call it.
set -eu
cd "$(dirname "$0")/.."
cargo build --release --locked --bin annex
install -D -m 0755 "${CARGO_TARGET_DIR:-target}/release/annex" "$1"
