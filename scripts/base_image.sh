#!/usr/bin/env bash
# Makes sure that the engine has the image component-flows-base:latest: Python with pip, NumPy and SimpleITK.
#
# Its foundation is python:3.12-slim where a registry answers, else this machine's own distribution by debootstrap. It is
# made once and kept; a label holds the hash of its recipe, so it is made anew only when the recipe changes.
# Usage: scripts/base_image.sh          the engine must answer (scripts/engine.sh sees to that)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/common.sh
# The same engine that the project uses: other contexts are known to the docker command alone.
export DOCKER_CONTEXT=default

TAG=component-flows-base:latest
FOUNDATION_PYTHON=3.12
FOUNDATION=python:$FOUNDATION_PYTHON-slim
LABEL=component-flows.recipe
REGISTRY_ANSWERS_WITHIN_S=8
REGISTRY_DELIVERS_WITHIN_S=180
# What the wheels and a component's programs need beside the distribution's essential packages.
PACKAGES=python3,libstdc++6,libgcc-s1

pins() {  # pins PACKAGE...: their lines in constraints.txt
    local name
    for name in "$@"; do
        grep -i "^$name==" constraints.txt || die "constraints.txt has no pin for $name; run 'make pin'."
    done
}

recipe_hash() {
    { cat scripts/base_image.sh; pins pip numpy simpleitk; os_release ID; os_release VERSION_CODENAME; } | sha256sum | cut -d' ' -f1
}

install_wheels() {  # install_wheels VERSION FOLDER PACKAGE...: wheels for that Python, by this machine's pip
    local version=$1 folder=$2 python=.venv/bin/python
    shift 2
    [ -x "$python" ] || python=${PYTHON:-python3}
    say "fetching the wheels of $* for Python $version"
    # shellcheck disable=SC2046  # one word per pin is meant
    "$python" -m pip install --quiet --no-deps --no-compile --only-binary=:all: --disable-pip-version-check \
        --python-version "$version" --target "$folder" $(pins "$@") >>"$log" 2>&1 \
        || die "pip could not fetch wheels for Python $version; the last lines are:" "$(tail -n 5 "$log")"
    rm -rf "${folder:?}/bin"
    find "$folder/numpy" -type d -name tests -prune -exec rm -rf {} +
}

pull_foundation() {  # false where no registry answers in time
    docker image inspect "$FOUNDATION" >/dev/null 2>&1 && return
    say "asking for $FOUNDATION (at most $REGISTRY_ANSWERS_WITHIN_S s)"
    local started=$SECONDS limit=$REGISTRY_ANSWERS_WITHIN_S
    docker pull --quiet=false "$FOUNDATION" >"$work/pull" 2>&1 &
    local pull=$!
    while kill -0 "$pull" 2>/dev/null; do
        # The first line of progress shows that a registry has answered: then the layers may take their time.
        grep -q 'Pulling from' "$work/pull" && limit=$REGISTRY_DELIVERS_WITHIN_S
        if ((SECONDS - started >= limit)); then
            kill "$pull" 2>/dev/null || true
        fi
        sleep 0.2
    done
    wait "$pull" 2>/dev/null
}

build_on_foundation() {
    local site=/usr/local/lib/python$FOUNDATION_PYTHON/site-packages
    mkdir "$work/context"
    install_wheels "$FOUNDATION_PYTHON" "$work/context/wheels" numpy simpleitk  # it has a pip of its own
    cat >"$work/context/Dockerfile" <<DOCKERFILE
FROM $FOUNDATION
ENV PYTHONUNBUFFERED=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY wheels $site
RUN python -m compileall -q $site/numpy $site/SimpleITK
DOCKERFILE
    say "building on $FOUNDATION"
    docker build --quiet --tag "$TAG" --label "$LABEL=$recipe" "$work/context" >>"$log" 2>&1 \
        || die "the base image could not be built on $FOUNDATION; the last lines are:" "$(tail -n 5 "$log")"
}

apt_mirror() {  # apt_mirror SUITE: where this machine's apt gets that suite from
    local site list
    # shellcheck disable=SC2016  # the names are apt's
    site=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' |
        awk -v suite="$1" '($2 == suite || $3 == suite) && $4 == "main" && !found {print $1; found = 1}')
    case $site in
        mirror+file:*)
            list=${site#mirror+file:}
            site=$(awk '/^[a-z]+:/ && !found {print $1; found = 1}' "${list%/}")
            ;;
    esac
    [ -n "$site" ] || die "apt has no source for '$1' main, so the base image can't be made." \
        "Add one to /etc/apt, or load an image with Python as '$FOUNDATION' into the engine (docker load)."
    printf '%s\n' "$site"
}

build_from_distribution() {
    is_debian_like || die "no registry has '$FOUNDATION' within reach, and without one the base image can only be made" \
        "on Debian or Ubuntu. Load an image with Python under that name into the engine (docker load), then run this again."
    local suite mirror root=$work/tree version site
    suite=$(os_release UBUNTU_CODENAME)
    suite=${suite:-$(os_release VERSION_CODENAME)}
    mirror=$(apt_mirror "$suite")
    command -v debootstrap >/dev/null || PATH=$PATH:/usr/sbin command -v debootstrap >/dev/null || apt_install debootstrap

    say "no registry answers; making $suite with Python by debootstrap"
    as_root env PATH="$PATH:/usr/sbin:/sbin" ${http_proxy:+http_proxy="$http_proxy"} \
        debootstrap --variant=minbase --components=main --include="$PACKAGES" "$suite" "$root" "$mirror" >>"$log" 2>&1 \
        || die "debootstrap could not make $suite; the last lines are:" "$(tail -n 5 "$log")"
    version=$(as_root chroot "$root" python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    install_wheels "$version" "$work/wheels" pip numpy simpleitk

    say "packing it"
    site=/usr/local/lib/python$version/dist-packages
    as_root cp -r --no-preserve=ownership "$work/wheels/." "$root$site/"
    as_root chroot "$root" python3 -m compileall -q "$site/numpy" "$site/SimpleITK" >>"$log"
    as_root ln -s python3 "$root/usr/bin/python"
    printf '#!/usr/bin/python3\nimport runpy\nrunpy.run_module("pip", run_name="__main__")\n' |
        as_root tee "$root/usr/local/bin/pip" >/dev/null
    as_root chmod 755 "$root/usr/local/bin/pip"
    # A Dockerfile that installs with pip is the rule here, so the distribution's bar against that goes.
    as_root rm -f "$root/usr/lib/python$version/EXTERNALLY-MANAGED"
    as_root find "$root"/{var/cache,var/lib/apt/lists,var/log,tmp,usr/share/doc,usr/share/man,usr/share/info} \
        "$root/usr/share/locale" -mindepth 1 -delete
    as_root tar -C "$root" --one-file-system -c . |
        docker import \
            --change "LABEL $LABEL=$recipe" \
            --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
            --change 'ENV LANG=C.UTF-8' --change 'ENV PYTHONUNBUFFERED=1' \
            --change 'ENV PIP_DISABLE_PIP_VERSION_CHECK=1' --change 'ENV PIP_ROOT_USER_ACTION=ignore' \
            --change 'CMD ["python3"]' - "$TAG" >>"$log" 2>&1 \
        || die "the engine did not take the base image; the last lines are:" "$(tail -n 5 "$log")"
}

clean_up() {
    mountpoint -q "$work/tree/proc" && as_root umount "$work/tree/proc"
    mountpoint -q "$work/tree/sys" && as_root umount "$work/tree/sys"
    as_root rm -rf --one-file-system "$work"
}

is_made() {
    [ "$(docker image inspect --format "{{index .Config.Labels \"$LABEL\"}}" "$TAG" 2>/dev/null)" = "$recipe" ]
}

prefix="base image"
docker version >/dev/null 2>&1 || die "no Docker engine answers; run scripts/engine.sh first."
recipe=$(recipe_hash)
exec 9>"${TMPDIR:-/tmp}/component-flows-base.$(id -u).lock"
flock 9  # a second run waits here, then finds the image made
if is_made; then
    say "$TAG is there"
    exit
fi
# Not /tmp: it is often too small, or mounted so that debootstrap can't make device nodes there.
work=$(mktemp -d /var/tmp/component-flows-base.XXXXXX)
trap clean_up EXIT
log=$work/log
old=$(docker image inspect --format '{{.Id}}' "$TAG" 2>/dev/null || true)
if pull_foundation; then build_on_foundation; else build_from_distribution; fi
# The engine refuses this where images were built on the old one, which then stay as they are.
[ -z "$old" ] || docker image rm "$old" >/dev/null 2>&1 || true
say "$TAG made in $SECONDS s ($(docker image inspect --format '{{.Size}}' "$TAG" | awk '{printf "%d MB", $1 / 1e6}'))"
