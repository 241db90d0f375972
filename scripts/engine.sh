#!/usr/bin/env bash
# Makes sure that a Docker engine answers: the one that DOCKER_HOST or the default socket reaches. Where none does, on
# Debian or Ubuntu with root or sudo, it installs the distribution's own engine and starts it.
#
# Usage: scripts/engine.sh             see to an engine
#        scripts/engine.sh --check     only say whether one answers; exit 1 if not
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/common.sh

prefix=engine
SOCKET=/var/run/docker.sock
LOG=/var/log/component-flows-dockerd.log
STARTS_WITHIN_S=60

answers() { DOCKER_CONTEXT=default docker version >/dev/null 2>&1; }

report() {
    local version
    version=$(DOCKER_CONTEXT=default docker version --format '{{.Server.Version}}')
    say "Docker $version answers at ${DOCKER_HOST:-$SOCKET}"
}

socket_is_alive() {  # without the docker command; 1 where nobody listens or this user may not ask
    [ -S "$SOCKET" ] && python3 -c "import socket; socket.socket(socket.AF_UNIX).connect('$SOCKET')" 2>/dev/null
}

refuse_what_only_a_person_can_mend() {
    local context host
    if [ -n "${DOCKER_HOST:-}" ]; then
        command -v docker >/dev/null || die "DOCKER_HOST is set, but the docker command is not installed; install it."
        die "no engine answers at DOCKER_HOST=$DOCKER_HOST." \
            "Start that engine, or unset DOCKER_HOST to use the one of this machine."
    fi
    if ! command -v docker >/dev/null && socket_is_alive; then
        die "an engine listens at $SOCKET, but the docker command is not installed." \
            "Install it: apt-get install docker-cli (Debian 13, Ubuntu 25.10 and later) or docker.io."
    fi
    if [ -z "${DOCKER_CONTEXT:-}" ] && docker version >/dev/null 2>&1; then
        context=$(docker context show)
        host=$(docker context inspect --format '{{.Endpoints.docker.Host}}')
        die "an engine answers in the docker context '$context', but only the docker command knows of it." \
            "Run: export DOCKER_HOST=$host"
    fi
}

die_access_denied() {
    die "an engine runs, but $(id -un) may not use $SOCKET." \
        "Run: sudo usermod -aG docker $(id -un)    then log in again, or run: newgrp docker" \
        "(Whoever may use the engine can become root on this machine.)"
}

systemd_runs() { [ -d /run/systemd/system ]; }

dockerd_lives() { grep -qsx dockerd /proc/[0-9]*/comm; }

remove_stale_pid_file() {  # remove_stale_pid_file FILE PROGRAM: a daemon that was killed leaves it, and then refuses to start
    [ -f "$1" ] || return 0
    [ "$(cat "/proc/$(cat "$1")/comm" 2>/dev/null)" = "$2" ] || rm -f "$1"
}

start() {
    if systemd_runs; then
        systemctl enable --now --quiet docker || die "systemd could not start docker; see: journalctl -u docker"
    elif ! dockerd_lives; then
        remove_stale_pid_file /var/run/docker.pid dockerd
        remove_stale_pid_file /var/run/docker/containerd/containerd.pid containerd
        setsid nohup dockerd >>"$LOG" 2>&1 </dev/null 9>&- &
    fi
}

wait_until_it_answers() {
    local started=$SECONDS
    until answers; do
        if ! systemd_runs && ! dockerd_lives && ((SECONDS - started >= 2)); then
            die "the engine did not start; the last lines of $LOG are:" "$(tail -n 5 "$LOG")"
        fi
        ((SECONDS - started < STARTS_WITHIN_S)) ||
            die "the engine did not answer within $STARTS_WITHIN_S s; see $LOG or: journalctl -u docker"
        sleep 0.5
    done
}

install_and_start() {  # as root
    exec 9>/run/component-flows-engine.lock
    flock 9  # a second run waits here, then finds the engine there
    # No descriptor 9 for what is started here: a daemon would hold the lock for as long as it lives.
    answers && return
    export PATH="$PATH:/usr/sbin:/sbin"
    command -v dockerd >/dev/null || apt_install docker.io iptables 9>&-
    # From Debian 13 on the command is in a package of its own.
    command -v docker >/dev/null || apt_install docker-cli 9>&-
    say "starting it"
    start
    wait_until_it_answers
}

case ${1:-} in
    --as-root)
        install_and_start
        exit
        ;;
    --check)
        answers || die "no Docker engine answers at ${DOCKER_HOST:-$SOCKET}; run scripts/engine.sh"
        report
        exit
        ;;
    "") ;;
    *) die "unknown argument '$1'; there is only --check" ;;
esac

if ! answers; then
    refuse_what_only_a_person_can_mend
    if ! can_be_root; then
        if dockerd_lives; then die_access_denied; fi
        die "no Docker engine answers at $SOCKET, and installing or starting one needs root." \
            "Run: sudo scripts/engine.sh    then, if you are not in the group docker: sudo usermod -aG docker $(id -un)"
    fi
    command -v dockerd >/dev/null || [ -x /usr/sbin/dockerd ] || is_debian_like ||
        die "no Docker engine answers at $SOCKET, and it can be installed for you only on Debian and Ubuntu." \
            "Install Docker or Podman's Docker service, or set DOCKER_HOST to an engine, then run this again."
    as_root bash scripts/engine.sh --as-root
    answers || die_access_denied
fi
report
