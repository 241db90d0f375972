"""Unpacking what the engine sends of a volume, for a runner that may not read the engine's own folder.

The names and kinds in the stream are the component's, so nothing is followed and nothing is written outside the target.
What is no regular file or folder is made again as the same inert thing (a link as a link, a pipe as a pipe), so that
``HostileTree`` finds and refuses it in the same words as in the volume itself.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, cast

from interfaces.errors import ValidationError
from interfaces.storage.hostile_tree import TooLarge

MOST_ENTRIES = 1_000_000
"""More files than this are not taken from a container."""

DEEPEST = 100
"""Nor folders below this depth: removing a tree again goes as deep, and Python's stack has an end."""

_READ_BYTES = 2**20
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def unpack(chunks: Iterable[bytes], into: Path, *, below: PurePosixPath, max_bytes: int | None) -> int:
    """Unpack one archive as the engine sends it: its members begin with the last part of the path that was asked for.

    Args:
        chunks: The tar stream.
        into: An existing folder of ours.
        below: Where in it the members go; folders are made on the way.
        max_bytes: Refuse if the files are larger together; None: no bound.

    Returns:
        The bytes of all files.

    Raises:
        TooLarge: There is more than `max_bytes`. The stream is not read any further.
        ValidationError: There are more than a million entries, or a name would leave the target.
    """
    total = 0
    # tarfile reads a stream through nothing but read().
    stream = cast("IO[bytes]", _Chunks(chunks))
    with tarfile.open(fileobj=stream, mode="r|", bufsize=_READ_BYTES, errorlevel=2) as archive:
        for count, member in enumerate(archive, start=1):
            if count > MOST_ENTRIES:
                raise ValidationError(f"the component wrote more than {MOST_ENTRIES:,} files")
            total += member.size if member.isreg() else 0
            if max_bytes is not None and total > max_bytes:
                raise TooLarge(str(below / member.name), size_bytes=total, max_bytes=max_bytes)
            try:
                _place(archive, member, into, below)
            except FileExistsError:  # two of the wanted paths share this one
                continue
            except NotADirectoryError as error:
                raise ValidationError(
                    f"the component wrote below something that is no folder: {member.name!r}"
                ) from error
    return total


def _place(archive: tarfile.TarFile, member: tarfile.TarInfo, into: Path, below: PurePosixPath) -> None:
    parts = _parts(below, member.name)
    if not parts:
        return
    with _folder(into, parts[:-1]) as folder:
        name = parts[-1]
        if member.isdir():
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, 0o700, dir_fd=folder)
        elif member.issym():
            os.symlink(member.linkname, name, dir_fd=folder)
        elif member.islnk():
            first = _parts(below, member.linkname)
            with _folder(into, first[:-1]) as other:
                os.link(first[-1], name, src_dir_fd=other, dst_dir_fd=folder, follow_symlinks=False)
        elif member.isreg():
            content = archive.extractfile(member)
            number = os.open(name, _NEW_FILE_FLAGS, 0o600, dir_fd=folder)
            with os.fdopen(number, "wb") as file:
                if content is not None:
                    shutil.copyfileobj(content, file, _READ_BYTES)
        else:
            _make_special(member, name, folder)


def _make_special(member: tarfile.TarInfo, name: str, folder: int) -> None:
    """A device or a pipe. Only the device with number 0 can be made without being root, by components and by us."""
    if member.ischr():
        with contextlib.suppress(PermissionError):
            os.mknod(name, stat.S_IFCHR | 0o600, os.makedev(0, 0), dir_fd=folder)
            return
    os.mkfifo(name, 0o600, dir_fd=folder)


def _parts(below: PurePosixPath, name: str) -> list[str]:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise ValidationError(f"the component wrote a file whose path leaves its folder: {name!r}")
    if len(path.parts) > DEEPEST:
        raise ValidationError(f"the component wrote folders that are more than {DEEPEST} deep in each other")
    return [*below.parts, *path.parts]


@contextlib.contextmanager
def _folder(into: Path, parts: list[str]) -> Iterator[int]:
    """An open folder below the target, made where it is missing; never through a link."""
    number = os.open(into, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in parts:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, 0o700, dir_fd=number)
            # O_DIRECTORY with O_NOFOLLOW gives ENOTDIR for a link, too.
            inner = os.open(name, _FOLDER_FLAGS, dir_fd=number)
            os.close(number)
            number = inner
        yield number
    finally:
        os.close(number)


class _Chunks:
    """An iterator of bytes as a stream to read from."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = memoryview(b"")

    def read(self, count: int) -> bytes:
        while not self._rest:
            try:
                self._rest = memoryview(next(self._chunks))
            except StopIteration:
                return b""
        piece, self._rest = self._rest[:count], self._rest[count:]
        return bytes(piece)
