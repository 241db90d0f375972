# What the other scripts share; sourced, never run. Each sets `prefix`, which stands before its lines.
# shellcheck shell=bash disable=SC2154

say() { printf '%s: %s\n' "$prefix" "$*"; }

die() {  # the first argument is what is wrong; the others, which may have several lines, what to do
    printf '%s: %s\n' "$prefix" "$1" >&2
    shift
    (($# == 0)) || printf '%s\n' "$@" | sed 's/^/  /' >&2
    exit 1
}

os_release() {  # os_release NAME: one value of /etc/os-release, or nothing
    # shellcheck disable=SC1091
    (. /etc/os-release 2>/dev/null && printf '%s\n' "${!1:-}") || true
}

is_debian_like() {
    case " $(os_release ID) $(os_release ID_LIKE) " in
        *" debian "* | *" ubuntu "*) command -v apt-get >/dev/null ;;
        *) false ;;
    esac
}

can_be_root() { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif sudo -n true 2>/dev/null; then
        sudo -n "$@"
    else
        die "this step needs root, or sudo without a password: $*"
    fi
}

apt_install() {  # apt_install PACKAGE...: waits for another apt that is at work; fresh lists only where they are needed
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -qq)
    local install=("${apt[@]}" install --yes --no-install-recommends "$@") output
    say "installing $* by apt"
    output=$(as_root "${install[@]}" 2>&1) && return
    # A source that is out of reach makes the update fail, though the others may have what is wanted.
    output=$(as_root "${apt[@]}" update 2>&1 || true; as_root "${install[@]}" 2>&1) && return
    die "apt could not install $*; the last lines are:" "$(tail -n 5 <<<"$output")"
}
