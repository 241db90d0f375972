#!/usr/bin/env bash
# Sets up all that a run needs: .venv with the project in it, and at the same time a Docker engine and the base image.
#
# Usage: scripts/setup.sh EXTRAS        for example demo,test; with test, a browser too
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Job control gives each of the two a process group, so that an interrupt ends all that they have started.
set -m
stop() {
    trap - INT TERM
    kill -TERM -- "-$venv" "-$engine" 2>/dev/null
    exit 130
}

# Before the two part: the base image's wheels are fetched by the pip in .venv.
scripts/venv.sh --bare
scripts/venv.sh "$1" &
venv=$!
{
    scripts/engine.sh
    # apt does one thing at a time, so this waits for the engine's packages; the base image needs none.
    if [[ ",$1," == *,test,* ]]; then scripts/browser.sh --if-possible; fi
    scripts/base_image.sh
} &
engine=$!
trap stop INT TERM

failed=0
wait "$venv" || failed=1
wait "$engine" || failed=1
if ((failed)); then
    echo "setup: not complete; the reason is above. Mend it and run the same command again: it goes on from here." >&2
    exit 1
fi
