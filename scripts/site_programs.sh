#!/usr/bin/env bash
# Sees to the programs that the tests of sites of several machines need, PostgreSQL's server and iproute2.
# Where they can't be installed, those tests are skipped and say why.
#
# Usage: scripts/site_programs.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/common.sh

prefix=site-programs
missing=()
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null || missing+=(postgresql)
PATH=$PATH:/usr/sbin:/sbin command -v ip >/dev/null || missing+=(iproute2)
((${#missing[@]})) || exit 0
if ! is_debian_like || ! can_be_root; then
    say "${missing[*]} can't be installed for you here; the tests that need them will be skipped"
    exit 0
fi
if [[ " ${missing[*]} " == *" postgresql "* ]]; then
    # The tests start servers of their own: no cluster of the machine's is wanted.
    as_root mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] ||
        echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
fi
apt_install "${missing[@]}"
