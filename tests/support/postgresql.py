"""A PostgreSQL server of the tests' own, on a socket in a folder of theirs, with nothing that outlives it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

PROGRAMS = "/usr/lib/postgresql"  # where Debian and Ubuntu keep them, one folder a version


def programs() -> Path | None:
    """The folder with the newest server's programs, or None where none is installed."""
    found = sorted(Path(PROGRAMS).glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


@contextmanager
def running_server(*, address: str = "", inside: Sequence[str] = (), password: str = "") -> Iterator[str]:
    """A new, empty server.

    Args:
        address: Of a network of the tests' own that it listens on, besides its socket; whoever is there may use it.
        inside: What its command starts with, such as ``nsenter --net=...``.
        password: That it asks for on its socket; "": none.

    Yields:
        The SQLAlchemy URL of its one database.
    """
    folder = programs()
    assert folder is not None, "no PostgreSQL server is installed"
    user = _unprivileged()
    with tempfile.TemporaryDirectory() as home:
        data, secret = Path(home) / "data", Path(home) / "password"
        secret.write_text(password or "none")
        if user is not None:
            shutil.chown(home, user)
            shutil.chown(secret, user)
        common = {"check": True, "capture_output": True, "user": user, "cwd": home}
        auth = [f"--auth={'scram-sha-256' if password else 'trust'}", "--pwfile", str(secret)]
        initdb = [*auth, "--username=tests", "--encoding=UTF8", "--no-sync", "--pgdata", str(data)]
        subprocess.run([folder / "initdb", *initdb], **common)
        secret.unlink()
        if address:
            with (data / "pg_hba.conf").open("a") as rules:
                rules.write("host all all samenet trust\n")
        options = f"-c listen_addresses={address} -c unix_socket_directories={home} -c fsync=off -c max_connections=400"
        control = [folder / "pg_ctl", "--pgdata", str(data), "--log", f"{home}/log"]
        if inside:  # which takes root
            control = [*inside, "runuser", "-u", user or "root", "--", *map(str, control)]
            common["user"] = None
        subprocess.run([*control, "--wait", "--options", options, "start"], **common)
        try:
            login = f"tests:{quote(password, safe='')}" if password else "tests"
            local = f"postgresql+psycopg://{login}@/postgres?host={home}"
            yield f"postgresql://tests@{address}/postgres" if address else local
        finally:
            subprocess.run([*control, "--mode", "immediate", "stop"], **common)


def _unprivileged() -> str | None:
    """Who runs it: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
