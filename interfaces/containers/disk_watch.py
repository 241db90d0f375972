"""What a container writes to the disk of this machine, kept within bounds while it runs.

Engines know no such limit on the usual file systems, and one component that never stops writing would take the
database, the engine and every other job with it. Two bounds are watched: what the container itself wrote, and what is
left free. The free space is one system call. Counting is a walk through the container's own layer and volumes that goes
on for a few milliseconds at each look, so that a million files take longer to count and not more of the processor.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from interfaces.containers.records import DiskExcess

_COUNTING_S = 0.005
"""Of each look; with ten looks a second a twentieth of one core at most."""

_PAUSE_S = 1.0
"""Between the end of one count and the start of the next."""

_DEEPEST = 32
"""Folders below this depth are not counted: each level holds files open, and a container may make thousands."""

_GUILTY_PART = 10
"""On a machine without space, a container that wrote more than a tenth of the wanted reserve is stopped at once."""

_LOW_PATIENCE_S = 10.0
"""Where nobody is seen to write (a deleted file that is still open can't be counted), all are stopped after this."""

_LEAST_FILES_PART = 0.005
"""Of all the files that the disk can have; file systems without such a number tell 0."""

_BLOCK_BYTES = 512
"""The unit of ``st_blocks`` on Linux, whatever the file system (stat(2))."""

_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class DiskWatch:
    """Watches one running container."""

    def __init__(self, folders: Sequence[Path], *, max_bytes: int | None, min_free_bytes: int) -> None:
        """Watch some folders.

        Args:
            folders: Where the container writes, as this machine sees it; the first one tells which disk counts.
            max_bytes: Most bytes on disk in all folders together; None: no bound.
            min_free_bytes: What must stay free on the disk.
        """
        readable = [folder for folder in folders if os.access(folder, os.R_OK | os.X_OK)]
        self._folders = tuple(readable) if len(readable) == len(folders) else ()
        self._disk = _reachable(folders[0]) if folders else None
        self._max_bytes, self._min_free_bytes = max_bytes, min_free_bytes
        self._count: Iterator[int] = iter(())
        self._counted = 0
        self._next_count = 0.0
        self._low_since: float | None = None
        self.written_bytes: int | None = None

    def look(self) -> DiskExcess | None:
        """Go on counting.

        Returns:
            Why the container is to be stopped, or None.
        """
        now = time.monotonic()
        self._go_on(now)
        free, low = self._left()
        written = self.written_bytes
        if written is not None and self._max_bytes is not None and written > self._max_bytes:
            return DiskExcess(own=True, written_bytes=written, free_bytes=free)
        if not low:
            self._low_since = None
            return None
        if self._low_since is None:
            self._low_since = now
        guilty = written is not None and written > self._min_free_bytes // _GUILTY_PART
        if guilty or now - self._low_since >= _LOW_PATIENCE_S:
            return DiskExcess(own=False, written_bytes=written, free_bytes=free)
        return None

    def _go_on(self, now: float) -> None:
        if not self._folders or now < self._next_count:
            return
        for size in self._count:
            self._counted += size
            # A count that is not complete yet is a lower bound already.
            self.written_bytes = max(self.written_bytes or 0, self._counted)
            if time.monotonic() - now > _COUNTING_S:
                return
        if self._next_count:  # the end of a count, not the first look
            self.written_bytes = self._counted
        self._next_count = now + _PAUSE_S
        self._count, self._counted = _sizes(self._folders), 0

    def _left(self) -> tuple[int | None, bool]:
        """What is free on the disk, in bytes, and whether that is too little."""
        if self._disk is None:
            return None, False
        try:
            facts = os.statvfs(self._disk)
        except OSError:
            return None, False
        free = facts.f_bavail * facts.f_frsize
        # Where a file system has a fixed number of files, one without any left is as good as full.
        return free, free < self._min_free_bytes or facts.f_favail < facts.f_files * _LEAST_FILES_PART


def written_folders(container: Mapping[str, Any]) -> tuple[Path, ...]:
    """Where a container's volumes and its own layer lie on the engine's machine.

    Args:
        container: From ``GET /containers/{id}/json``. The layer's folder is told by the driver overlay2 only.
    """
    mounts = container.get("Mounts") or []
    layer = ((container.get("GraphDriver") or {}).get("Data") or {}).get("UpperDir")
    volumes = [mount["Source"] for mount in mounts if mount.get("Type") == "volume" and mount.get("Source")]
    return tuple(Path(place) for place in [*volumes, *([layer] if layer else [])])


def _reachable(folder: Path) -> Path | None:
    """The folder, or the nearest one above it that this user may look at; None where it is not on this machine."""
    for place in (folder, *folder.parents):
        try:
            os.statvfs(place)
        except PermissionError:
            continue
        except OSError:
            return None
        return place
    return None


def _sizes(folders: Sequence[Path]) -> Iterator[int]:
    """The bytes on disk of everything in the folders, one by one."""
    for folder in folders:
        with contextlib.suppress(OSError):
            number = os.open(folder, _FOLDER_FLAGS)
            try:
                yield from _sizes_in(number, 1)
            finally:
                os.close(number)


def _sizes_in(folder: int, depth: int) -> Iterator[int]:
    # The container goes on renaming and deleting meanwhile: what is gone does not count, and no link is followed.
    with os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                facts = entry.stat(follow_symlinks=False)
                folder_here = stat.S_ISDIR(facts.st_mode)
                # All names of a file lie within the folders, since no link crosses a volume.
                yield facts.st_blocks * _BLOCK_BYTES // (1 if folder_here else max(1, facts.st_nlink))
                if folder_here and depth < _DEEPEST:
                    inner = os.open(entry.name, _FOLDER_FLAGS, dir_fd=folder)
                    try:
                        yield from _sizes_in(inner, depth + 1)
                    finally:
                        os.close(inner)
