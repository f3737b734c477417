#!/usr/bin/env bash
# Makes sure that there is a Vulkan driver and the libraries a window needs, on Debian-like
# machines. Elsewhere, and where a driver is there already, it changes nothing.
set -eu
# Where ldconfig is, which a user's own PATH may leave out.
PATH=$PATH:/usr/sbin:/sbin

say() { printf 'setup: %s\n' "$*"; }

command -v cargo >/dev/null 2>&1 || {
    say "Rust is missing; https://rustup.rs installs it" >&2
    exit 1
}
[ "$(uname -s)" = Linux ] || exit 0

has_driver() {
    local file
    for file in /usr/share/vulkan/icd.d/*.json /etc/vulkan/icd.d/*.json "${HOME:-/root}"/.local/share/vulkan/icd.d/*.json \
        /usr/local/share/vulkan/icd.d/*.json; do
        [ -e "$file" ] && return 0
    done
    [ -n "${VK_DRIVER_FILES:-}${VK_ICD_FILENAMES:-}" ]
}
has_library() { ldconfig -p 2>/dev/null | grep -q "$1"; }

packages=()
has_driver || packages+=(mesa-vulkan-drivers)
has_library libvulkan.so.1 || packages+=(libvulkan1)
# What winit loads when a window is opened under X11.
for pair in libxkbcommon-x11.so.0=libxkbcommon-x11-0 libX11-xcb.so.1=libx11-xcb1 libXcursor.so.1=libxcursor1 \
    libXi.so.6=libxi6 libXrandr.so.2=libxrandr2; do
    has_library "${pair%%=*}" || packages+=("${pair##*=}")
done
[ "${#packages[@]}" -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    say "missing here: ${packages[*]} (Debian's names); please install them with this system's own tools" >&2
    has_driver || exit 1
    exit 0
fi
root=()
if [ "$(id -u)" -ne 0 ]; then
    say "sudo is asked for, to install with apt: ${packages[*]}"
    root=(sudo)
fi
say "installing ${packages[*]}"
"${root[@]}" apt-get update -qq
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
say "done"
