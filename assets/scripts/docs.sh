#!/usr/bin/env bash
# The pictures in docs/, anew. The window's needs a display, or Xvfb with xdotool and ImageMagick.
set -eu
cd "$(dirname "$0")/../.."
cargo build --release --locked
mechanostat() { cargo run --quiet --release --locked -- "$@"; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The window that is killed below leaves nothing to the user's own.
export XDG_CACHE_HOME="$work/cache"

mechanostat figure iss-6-months-and-a-year-home --out "$work/figure.png"
cp "$work/figure.png" docs/figure.png
mechanostat anatomy --picture docs/anatomy.png > "$work/anatomy.txt"
mechanostat anatomy --muscles --picture docs/muscles.png > "$work/muscles.txt"

# The guide's pictures need no display.
cargo test --quiet --release --locked --test window -- --ignored guide

# The window on day 143, once its picture has gathered all of its samples.
mechanostat run iss-6-months-and-a-year-home --size 48 --days 143 --out "$work/flight"
shot='
cargo run --quiet --release --locked -- "$1/flight/run.toml" &
window=$!
sleep 60
xdotool mousemove 1200 40
import -window root "$1/window.png"
kill $window
'
if [ -n "${DISPLAY:-}" ]; then
    bash -c "$shot" _ "$work"
elif command -v xvfb-run > /dev/null; then
    xvfb-run -a -s "-screen 0 1280x800x24" bash -c "$shot" _ "$work"
else
    echo "no display and no xvfb-run: docs/window.png stays as it is"
    exit 0
fi
cp "$work/window.png" docs/window.png
