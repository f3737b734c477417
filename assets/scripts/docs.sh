#!/usr/bin/env bash
# The pictures in docs/, anew.
set -eu
cd "$(dirname "$0")/../.."
cargo build --release --locked
mechanostat() { cargo run --quiet --release --locked -- "$@"; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mechanostat figure iss-6-months-and-a-year-home --out "$work/figure.png"
cp "$work/figure.png" docs/figure.png
mechanostat anatomy --picture docs/anatomy.png > "$work/anatomy.txt"
mechanostat anatomy --muscles --picture docs/muscles.png > "$work/muscles.txt"
mechanostat anatomy --muscles --scene lower-leg --size 96 \
    --picture docs/muscles-lower-leg.png > "$work/muscles-lower-leg.txt"

# The window's pictures, without a display.
cargo test --quiet --release --locked --test window -- --ignored guide
