"""Keep what a machine has of a store within a bound: what was used longest ago goes first."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from filelock import FileLock, Timeout

from interfaces.owners import owned_name

GB = 2**30

JUST_USED_S = 300.0
"""Seconds for which a file stays after its last use: so long somebody may hold its path and not yet have linked it."""

AIM = 0.9
"""Part of the bound that is left after trimming, so that it need not be done again at once."""

FOLDERS = "folders"


@dataclass(frozen=True, kw_only=True)
class _Kept:
    """A file, or a folder of links to files, in the cache.

    Attributes:
        path: Where it lies.
        used: When it was last used, in seconds since the epoch.
        size: Bytes; 0 of a folder.
    """

    path: Path
    used: float
    size: int


def trimmed(
    folder: Path,
    limit_bytes: int,
    *,
    is_safe: Callable[[str, int], bool],
    incoming: Path,
    just_used_s: float = JUST_USED_S,
) -> int:
    """Let files go until no more than the bound is left, or nothing that may go.

    Args:
        folder: The cache.
        limit_bytes: The bound.
        is_safe: Tells by name and size whether a file is to be had again.
        incoming: A folder on the same file system, which `tasks.sweep` cleans.
        just_used_s: How long after its last use a file stays in any case.

    Returns:
        How many bytes went. 0 also where another process is at it.
    """
    try:
        with FileLock(folder / "trim.lock").acquire(blocking=False):
            return _freed(folder, limit_bytes, is_safe, incoming, time.time() - just_used_s)
    except Timeout:
        return 0


def _freed(folder: Path, limit_bytes: int, is_safe: Callable[[str, int], bool], incoming: Path, before: float) -> int:
    files = list(_files(folder))
    too_much = sum(one.size for one in files) - int(AIM * limit_bytes)
    if too_much <= (1 - AIM) * limit_bytes:
        return 0
    freed = 0
    # Twice, since the files of a folder can go only after it.
    for one in 2 * sorted([*_folders(folder), *files], key=lambda kept: kept.used):
        if freed >= too_much:
            break
        if one.used > before or not one.path.exists():
            continue
        if one.path.is_dir():
            _remove_folder(one.path, incoming)
        # With a second link, a job has it as an input, and to remove it would free nothing.
        elif one.path.stat().st_nlink == 1 and is_safe(str(one.path.relative_to(folder)), one.size):
            one.path.unlink()
            freed += one.size
    return freed


def _files(folder: Path) -> Iterator[_Kept]:
    # Two hexadecimal digits: so nothing else that lies in the folder is taken for a stored file.
    for path in folder.glob("[0-9a-f][0-9a-f]/*"):
        with suppress(FileNotFoundError):
            stat = path.stat()
            yield _Kept(path=path, used=stat.st_mtime, size=stat.st_size)


def _folders(folder: Path) -> Iterator[_Kept]:
    """Folders of links, which keep their files; each was used when one of its files was."""
    for path in (folder / FOLDERS).glob("[0-9a-f][0-9a-f]/*"):
        with suppress(FileNotFoundError):
            used = max((one.stat().st_mtime for one in path.iterdir()), default=0.0)
            yield _Kept(path=path, used=used, size=0)


def _remove_folder(path: Path, incoming: Path) -> None:
    # Out of its place at once: whoever asks for it meanwhile makes it anew.
    path.chmod(0o755)
    away = Path(mkdtemp(dir=incoming, prefix=owned_name()))
    with suppress(OSError):
        path.rename(away / path.name)
    shutil.rmtree(away, ignore_errors=True)
