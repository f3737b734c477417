#!/usr/bin/env bash
# The window where there is a display, the ISS mission without one.
set -eu
cargo build --release --locked
target=${CARGO_TARGET_DIR:-target}
if [ "$(uname -s)" != Linux ] || [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    exec "$target/release/mechanostat"
fi
echo "no display: the ISS mission runs without a window"
exec "$target/release/mechanostat" run iss-6-months --out results/iss-6-months
