#!/usr/bin/env bash
# Makes .venv and installs the project into it in editable mode, with the versions of constraints.txt. What is there is
# re-used: a stamp in .venv says which extras are installed after which pyproject.toml and constraints.txt.
#
# Usage: scripts/venv.sh [EXTRAS]            for example demo,test
#        scripts/venv.sh --bare              only .venv with the pinned pip, for a script that goes on by itself
# Environment: PYTHON                        the interpreter, python3 unless set
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/common.sh

prefix=python
PYTHON=${PYTHON:-python3}
STAMP=.venv/component-flows.stamp
# How often a line of progress is printed, in packages.
EVERY=40

check_python() {
    command -v "$PYTHON" >/dev/null || die "there is no '$PYTHON' here; install Python 3.11 or later."
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        die "$("$PYTHON" --version) is too old; Python 3.11 or later is needed." \
            "If you have one under another name: make PYTHON=python3.12 ..."
    "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null && return
    local package
    package=$("$PYTHON" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if ! is_debian_like || ! can_be_root; then
        die "this Python can't make virtual environments; install $package (sudo apt-get install $package)."
    fi
    apt_install "$package"
}

pip_works() { .venv/bin/python -m pip --version >/dev/null 2>&1; }

make_bare() {
    local pins
    pip_works || {
        check_python
        say "making .venv with $("$PYTHON" --version)"
        "$PYTHON" -m venv --clear .venv
    }
    mapfile -t pins < <(grep -E '^(pip|setuptools)==' constraints.txt)
    .venv/bin/python -m pip install --quiet --disable-pip-version-check "${pins[@]}"
}

recipe() { cat pyproject.toml constraints.txt | sha256sum | cut -d' ' -f1; }

stamped() { cat "$STAMP" 2>/dev/null || true; }

is_installed() {  # is_installed EXTRAS: all of them, after the present recipe
    local hash extras extra
    read -r hash extras < <(stamped; echo)
    [ "$hash" = "$(recipe)" ] && pip_works || return
    for extra in ${1//,/ }; do
        [[ ",$extras," == *",$extra,"* ]] || return
    done
}

show_progress() {  # one line every so many packages, from pip's own lines
    awk -v every="$EVERY" -v prefix="$prefix" '
        /^ *Collecting / && ++packages % every == 0 { print prefix ": " packages " packages found"; fflush() }
        /^Installing collected packages/ { print prefix ": unpacking " split($0, names, ",") " packages"; fflush() }'
}

install() {
    local hash extras log=.venv/pip.log
    read -r hash extras < <(stamped; echo)
    # Extras that an earlier run installed stay.
    extras=$(tr ',' '\n' <<<"$1,$extras" | awk 'NF && !seen[$0]++' | paste -sd, -)
    say "installing the project${extras:+ with its extras $extras}"
    # The pinned setuptools builds it: an isolated build would fetch an unpinned one.
    .venv/bin/python -m pip install --progress-bar off --disable-pip-version-check --no-build-isolation \
        --constraint constraints.txt --editable ".${extras:+[$extras]}" 2>&1 | tee "$log" | show_progress ||
        die "pip failed; the last lines of $log are:" "$(tail -n 8 "$log")"
    printf '%s %s\n' "$(recipe)" "$extras" >"$STAMP"
    say "ready after $SECONDS s"
}

if [ "${1:-}" = --bare ]; then
    pip_works || make_bare
    exit
fi
if ! is_installed "${1:-}"; then
    make_bare
    install "${1:-}"
fi
