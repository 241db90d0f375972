#!/usr/bin/env bash
# Makes sure that a Chromium is here for the tests that look at the Prefect UI: one that is on the PATH, else (on Debian, as
# root or with sudo) the distribution's own, the one without windows.
#
# Usage: scripts/browser.sh                 see to it; fails where there is none
#        scripts/browser.sh --if-possible   the same, but only says so where there is none: the tests are skipped then
# Environment: BROWSER_TESTS=required       makes --if-possible fail too
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/common.sh

prefix=browser
# tests/support/browser.py looks for the same names in the same order.
NAMES=(chromium-headless-shell chromium google-chrome google-chrome-stable)

find_browser() {  # a browser that starts, too: Ubuntu's package called chromium-browser only tells of a snap
    local name
    for name in "${NAMES[@]}"; do
        if command -v "$name" >/dev/null && "$name" --version >/dev/null 2>&1; then
            command -v "$name"
            return
        fi
    done
    return 1
}

see_to_it() {
    find_browser >/dev/null && return
    [ "$(os_release ID)" = debian ] && command -v apt-get >/dev/null ||
        die "there is no Chromium here, and it can be installed for you only on Debian." \
            "Install Chromium or Google Chrome, so that one of these is on the PATH: ${NAMES[*]}"
    can_be_root || die "there is no Chromium here, and installing it needs root." \
        "Run: sudo apt-get install chromium-headless-shell"
    # Of Debian's packages the one that brings the least: 90 MB to fetch, 290 MB on the disk.
    apt_install chromium-headless-shell fonts-dejavu-core
    find_browser >/dev/null || die "apt installed chromium-headless-shell, but it does not start; try: ${NAMES[0]} --version"
}

case ${1:-} in
    "") ;;
    --if-possible)
        if [ "${BROWSER_TESTS:-}" != required ] && ! (see_to_it); then
            say "the tests that need a browser are skipped"
            exit
        fi
        ;;
    *) die "unknown argument '$1'; there is only --if-possible" ;;
esac
see_to_it
say "$("$(find_browser)" --version)"
