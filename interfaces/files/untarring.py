"""Models and ground truths: gzipped tar archives, unpacked without leaving the folder.

The tarfile module only reads the archive. What is written is written here, links last: no file can be written through a
link, and every link is followed once all of them are there.
"""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from isal import igzip, igzip_lib

from interfaces.errors import ValidationError

MAX_ENTRIES = 1_000_000
MAX_DEPTH = 64

_BLOCK_BYTES = 2**20
_MAX_READ_BYTES = 2**20

# The package's stubs call its exception class an exception.
_BROKEN: tuple[type[Exception], ...] = (
    tarfile.TarError,
    OSError,
    EOFError,
    ValueError,
    RecursionError,
    igzip_lib.IsalError,  # type: ignore[assignment]
)


def untar(path: Path, into: Path, *, max_bytes: int) -> None:
    """Unpack a ``.tar.gz``, with its top folder.

    Files become readable for all and writable for the owner; owners, times and special bits are dropped. Links may only
    lead to what is in the archive.

    Args:
        path: The archive.
        into: An existing, empty folder.
        max_bytes: Most bytes of all files, unpacked.

    Raises:
        ValidationError: It is no gzipped tar, has an entry that leaves its folder or is no file, folder or link, or is
            too large. The folder then holds what was unpacked so far.
    """
    links: list[tuple[PurePosixPath, str]] = []
    with _archive(path) as archive:
        total = 0
        for count, member in enumerate(archive, start=1):
            total += member.size
            if total > max_bytes or count > MAX_ENTRIES:
                raise ValidationError(f"The tarball has more than {max_bytes} bytes or {MAX_ENTRIES} entries unpacked")
            name = _name(member.name)
            if member.issym():
                links.append((name, member.linkname))
            elif member.islnk():
                _link(into, name, _name(member.linkname))
            elif member.isdir():
                _folder(into, name)
            elif member.isreg() and not member.issparse():
                _write(archive, member, into, name)
            else:
                raise ValidationError(f"The tarball's entry '{_shown(member.name)}' is no file, folder or link")
        _make_links(into, links)


@contextmanager
def _archive(path: Path) -> Iterator[tarfile.TarFile]:
    try:
        with (
            path.open("rb") as file,
            igzip.IGzipFile(fileobj=file, mode="rb") as stream,  # type: ignore[no-untyped-call]
            tarfile.open(fileobj=_Modest(stream), mode="r:") as archive,
        ):
            yield archive
    except _BROKEN as error:
        reason = " ".join(str(error).split())[:200]
        raise ValidationError(f"The tarball is no .tar.gz that can be unpacked: {reason}") from error


class _Modest(io.RawIOBase):
    """Refuses to read much at once: the module would take a long name of any length into memory."""

    def __init__(self, stream: Any) -> None:
        super().__init__()
        self._stream = stream

    def read(self, size: int = -1, /) -> bytes:
        if not 0 <= size <= _MAX_READ_BYTES:
            raise tarfile.ReadError(f"a header of {size} bytes")
        return bytes(self._stream.read(size))

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return int(self._stream.seek(offset, whence))

    def tell(self) -> int:
        return int(self._stream.tell())


def _name(text: str) -> PurePosixPath:
    name = PurePosixPath(text)
    if name.is_absolute() or ".." in name.parts or len(name.parts) > MAX_DEPTH or "\0" in text:
        raise ValidationError(f"The tarball's entry '{_shown(text)}' leaves the folder")
    return name


def _folder(into: Path, name: PurePosixPath) -> None:
    (into / name).mkdir(parents=True, exist_ok=True)


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, into: Path, name: PurePosixPath) -> None:
    source = archive.extractfile(member)
    assert source is not None
    _folder(into, name.parent)
    target = into / name
    target.unlink(missing_ok=True)  # the last one of a name counts, and must not be written into a hard link
    left = member.size
    with source, target.open("xb") as file:
        while block := source.read(min(_BLOCK_BYTES, left)):
            file.write(block)
            left -= len(block)
    target.chmod(0o755 if member.mode & 0o111 else 0o644)


def _link(into: Path, name: PurePosixPath, to: PurePosixPath) -> None:
    """A hard link to a file that came before."""
    if not (into / to).is_file():
        raise ValidationError(f"The tarball's entry '{_shown(str(name))}' is a link to what is not in it")
    if name != to:
        _folder(into, name.parent)
        (into / name).unlink(missing_ok=True)
        os.link(into / to, into / name)


def _make_links(into: Path, links: list[tuple[PurePosixPath, str]]) -> None:
    names = {name for name, _ in links}
    for name, to in links:
        inside = os.path.normpath(f"{name.parent}/{to}")
        if names & set(name.parents):
            raise ValidationError(f"The tarball's entry '{_shown(str(name))}' lies behind a link")
        if to.startswith("/") or inside == ".." or inside.startswith("../"):
            raise ValidationError(f"The tarball's entry '{_shown(str(name))}' is a link that leaves the folder")
        _folder(into, name.parent)
        if os.path.lexists(into / name):
            (into / name).unlink()
        (into / name).symlink_to(to)
    # Links can lead through links, so that what each seems to say is not where it ends.
    root = into.resolve()
    for name, _ in links:
        if not Path(os.path.realpath(into / name)).is_relative_to(root):
            for other, _ in links:
                (into / other).unlink(missing_ok=True)
            raise ValidationError(f"The tarball's entry '{_shown(str(name))}' is a link that leaves the folder")


def _shown(text: str) -> str:
    return text.encode("unicode_escape").decode()[:100]
