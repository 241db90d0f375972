#!/usr/bin/env bash
# Builds the image of a small site's Prefect server and workers (see docker-compose.yaml): gathers the wheels that it
# needs, in the versions of constraints.txt, and builds the Dockerfile with them.
#
# Usage: scripts/site_image.sh [TAG]     TAG is component-flows-site:latest unless given
# Environment: BASE                      the image that it is built on; component-flows-base:latest where the engine has
#                                        it, else the Dockerfile's own default
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/common.sh
export DOCKER_CONTEXT=default

prefix=site-image
TAG=${1:-component-flows-site:latest}
LOCAL_BASE=component-flows-base:latest
WHEELS=build/wheels

base=${BASE:-}
if [ -z "$base" ] && docker image inspect "$LOCAL_BASE" >/dev/null 2>&1; then base=$LOCAL_BASE; fi
[ -x .venv/bin/python ] || scripts/venv.sh --bare

version=$(docker run --rm --network none --entrypoint python3 "${base:-python:3.12-slim}" \
    -c 'import sys; print("%d.%d" % sys.version_info[:2])') || die "the image ${base:-python:3.12-slim} has no python3."
say "gathering wheels for Python $version"
rm -rf "$WHEELS"
mkdir -p "$WHEELS"
.venv/bin/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir "$WHEELS" .
# Two steps, since only the project itself has no wheel to be fetched. pip asks this Python which packages it needs by its
# version, and redis needs async-timeout up to 3.11.2.
wheel=$(ls "$WHEELS"/component_flows-*.whl)
.venv/bin/python -m pip download --quiet --disable-pip-version-check --only-binary=:all: --python-version "$version" \
    --constraint constraints.txt --dest "$WHEELS" "$wheel[postgresql,s3]" async-timeout
say "building $TAG"
docker build --quiet --network none ${base:+--build-arg "BASE=$base"} --tag "$TAG" .
