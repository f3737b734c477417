#!/usr/bin/env bash
# The window where there is a display, the ISS mission without one.
set -eu
cargo build --release --locked
# Where Cargo puts what it builds is Cargo's to know: a variable or a setting of the user's may say.
if [ "$(uname -s)" != Linux ] || [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    exec cargo run --quiet --release --locked
fi
echo "no display: the ISS mission runs without a window"
exec cargo run --quiet --release --locked -- run iss-6-months --out results/iss-6-months
