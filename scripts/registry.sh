#!/usr/bin/env bash
# Runs a registry for container images, Debian's docker-registry, on loopback and in the foreground: for the tests, and for
# a site of several engines on one machine. A package that is not installed is fetched and unpacked, not installed, since
# that would also start a service of its own on all addresses.
#
# Usage: scripts/registry.sh FOLDER [PORT] [HTPASSWD]     images lie in FOLDER; PORT is 5000 unless given; HTPASSWD names a
#                                                         file with users (bcrypt), without which nobody needs to log in
#        scripts/registry.sh --fetch                      only see to the program, and print where it is
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/common.sh

# Not "say": what --fetch prints is read by programs.
prefix=registry
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/component-flows

fetch() {  # prints where the program is
    local unpacked=$CACHE/docker-registry work
    if command -v docker-registry; then return; fi
    if [ ! -x "$unpacked/usr/bin/docker-registry" ]; then
        is_debian_like || die "docker-registry is not installed, and it can be fetched only on Debian and Ubuntu."
        mkdir -p "$CACHE"
        work=$(mktemp -d "$CACHE/docker-registry.XXXXXX")
        # apt reads its lists as anyone; fresh ones need root.
        (cd "$work" && apt-get -qq download docker-registry >log 2>&1) ||
            { as_root apt-get -qq update >>"$work/log" 2>&1 && (cd "$work" && apt-get -qq download docker-registry >>log 2>&1); } ||
            die "apt could not fetch docker-registry; the last lines are:" "$(tail -n 5 "$work/log")"
        dpkg-deb --extract "$work"/docker-registry_*.deb "$work/unpacked"
        # Whoever comes first stays: the others have the same.
        mv -T "$work/unpacked" "$unpacked" 2>/dev/null || [ -x "$unpacked/usr/bin/docker-registry" ]
        rm -rf "$work"
    fi
    printf '%s\n' "$unpacked/usr/bin/docker-registry"
}

[ $# -gt 0 ] || die "which folder?" "$(sed -n 's/^# Usage: /Usage: /p' scripts/registry.sh)"
program=$(fetch)
if [ "$1" = --fetch ]; then
    printf '%s\n' "$program"
    exit
fi

folder=$1 port=${2:-5000} users=${3:-}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
{
    printf 'version: 0.1\nlog: {level: warn, accesslog: {disabled: true}}\n'
    printf 'storage: {filesystem: {rootdirectory: "%s"}, delete: {enabled: true}}\n' "$folder"
    printf 'http: {addr: "127.0.0.1:%s"}\n' "$port"
    [ -z "$users" ] || printf 'auth: {htpasswd: {realm: component-flows, path: "%s"}}\n' "$users"
} >"$folder/config.yml"
exec "$program" serve "$folder/config.yml"
