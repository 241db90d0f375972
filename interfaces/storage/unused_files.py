"""Stored files that nobody uses any more, and how they are let go without taking one away from who has just found it.

A file's time of modification says when it was last taken into the store or found there again. Who finds one that was
not used for a while says so under a lock that several hold at a time (`renewed`); who removes one looks at that time
again under the same lock, alone (`let_go`). So whoever puts a file has it for at least `KEPT_S`, and names it in a
record before that is over.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from interfaces.owners import owned_name

KEPT_S = 86_400.0
"""Seconds from a file's last use in which it is never removed: it may be that of a value that is about to be used."""

RENEWED_S = 3_600.0
"""Age of a use from which the next one is noted."""

FOLDERS = "folders"
_LOCK = "use.lock"


@dataclass(frozen=True, kw_only=True)
class OldFile:
    """A stored file, or a folder of links to stored files, that was not used for a while.

    Attributes:
        name: Below the store's folder.
        size: Bytes; 0 of a folder.
    """

    name: str
    size: int


def renewed(folder: Path, path: Path, size: int) -> bool:
    """Whether a stored file is there with that size; if so, it stays for at least `KEPT_S` from now."""
    used = _used(path, size)
    if used is None or used > time.time() - RENEWED_S:
        return used is not None
    with _held(folder, fcntl.LOCK_SH):
        if _used(path, size) is None:
            return False
        try:
            os.utime(path)
        except PermissionError:  # somebody else's: put anew, it is our own
            return False
    return True


def old_files(folder: Path, before: float) -> Iterator[OldFile]:
    """The files and folders of links that were not used since a time, in seconds since 1970; folders first."""
    for path in (folder / FOLDERS).glob("[0-9a-f][0-9a-f]/*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                yield OldFile(name=str(path.relative_to(folder)), size=0)
    # Two hexadecimal digits: so nothing else that lies in the folder is taken for a stored file.
    for path in folder.glob("[0-9a-f][0-9a-f]/*"):
        with suppress(FileNotFoundError):
            stat = path.stat()
            if stat.st_mtime < before:
                yield OldFile(name=str(path.relative_to(folder)), size=stat.st_size)


def let_go(folder: Path, file: OldFile, before: float, *, incoming: Path) -> bool:
    """Remove one of `old_files`, unless it was used meanwhile or a job has a link to it.

    Args:
        folder: The store's.
        file: What is to go.
        before: As for `old_files`.
        incoming: A folder on the same file system, which `tasks.sweep` cleans.
    """
    path = folder / file.name
    with _held(folder, fcntl.LOCK_EX), suppress(FileNotFoundError):
        stat = path.stat()
        if stat.st_mtime >= before:
            return False
        if path.is_dir():
            _remove_folder(path, incoming)
            return True
        if stat.st_nlink > 1:
            return False
        path.unlink()
        return True
    return False


def _remove_folder(path: Path, incoming: Path) -> None:
    incoming.mkdir(parents=True, exist_ok=True)
    path.chmod(0o755)  # what can't be written to can't be renamed
    away = Path(mkdtemp(dir=incoming, prefix=owned_name()))
    path.rename(away / path.name)
    shutil.rmtree(away, ignore_errors=True)


def _used(path: Path, size: int) -> float | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime if stat.st_size == size else None


@contextmanager
def _held(folder: Path, kind: int) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK).open("ab") as lock:
        fcntl.flock(lock, kind)
        yield
