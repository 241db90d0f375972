"""Models and ground truths: gzipped tar archives, unpacked without leaving the folder.

The tarfile module only reads the archive's headers. What is written is written here, links last: no file can be written
through a link, and every link is followed once all of them are there.
"""

from __future__ import annotations

import errno
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from interfaces.errors import ServiceUnavailable, ValidationError
from interfaces.files.plain_stream import BROKEN_TAR, Compression, PlainStream, TooMuch, entries

MAX_ENTRIES = 1_000_000
MAX_DEPTH = 64
FOLDER_MODE = 0o755

_HEADER_BYTES_PER_ENTRY = 4096
"""More than an entry's own header, its padding and a long name need; it bounds what stands between the files."""

_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})


def untar(path: Path, into: Path, *, max_bytes: int) -> None:
    """Unpack a ``.tar.gz``, with its top folder.

    Files become readable for all and writable for the owner, folders open for all; owners, times and special bits are
    dropped. Links may only lead to what is in the archive. Of several entries of one name the last one counts.

    Args:
        path: The archive.
        into: An existing, empty folder.
        max_bytes: Most bytes of all files, unpacked.

    Raises:
        ValidationError: It is no gzipped tar, has an entry that leaves its folder or is no file, folder or link, or is
            too large. The folder then holds what was unpacked so far.
        ServiceUnavailable: The disk is full.
    """
    too_large = ValidationError(f"The tarball has more than {max_bytes} bytes or {MAX_ENTRIES} entries unpacked")
    unpacking = _Unpacking(into)
    total = 0
    try:
        with _archive(path, max_bytes=max_bytes + MAX_ENTRIES * _HEADER_BYTES_PER_ENTRY) as (stream, archive):
            for count, member in enumerate(entries(archive), start=1):
                total += member.size
                if total > max_bytes or count > MAX_ENTRIES:
                    raise too_large
                unpacking.take(member, stream)
            unpacking.make_links()
    except TooMuch as error:
        raise too_large from error


@contextmanager
def _archive(path: Path, *, max_bytes: int) -> Iterator[tuple[PlainStream, tarfile.TarFile]]:
    try:
        with path.open("rb") as file:
            stream = PlainStream(file, max_bytes=max_bytes)
            if stream.compression is not Compression.GZIP:
                raise tarfile.ReadError("it is not compressed with gzip")
            with tarfile.open(fileobj=stream, mode="r:") as archive:
                yield stream, archive
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise ServiceUnavailable(
                f"there is no space left to unpack the tarball; free some on {path.anchor}, or "
                "move COMPONENT_FLOWS_HOME to a larger disk"
            ) from error
        raise _refused(error) from error
    except BROKEN_TAR as error:
        raise _refused(error) from error


def _refused(error: Exception) -> ValidationError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return ValidationError(f"The tarball is no .tar.gz that can be unpacked: {' '.join(reason.split())[:200]}")


class _Unpacking:
    """A folder that entries are written into."""

    def __init__(self, into: Path) -> None:
        self._into = into
        self._folders = {PurePosixPath()}
        self._links: list[tuple[PurePosixPath, str]] = []

    def take(self, member: tarfile.TarInfo, stream: PlainStream) -> None:
        """Write one entry; a symbolic link waits until the end."""
        name = _name(member.name)
        if member.issym():
            self._links.append((name, member.linkname))
        elif member.islnk():
            self._hard_link(name, _name(member.linkname))
        elif member.isdir():
            self._folder(name)
        elif member.isreg() and not member.issparse():
            self._file(name, member, stream)
        else:
            raise ValidationError(f"The tarball's entry '{_shown(member.name)}' is no file, folder or link")

    def _folder(self, name: PurePosixPath) -> None:
        for folder in (*reversed(name.parents), name):
            if folder in self._folders:
                continue
            path = self._into / folder
            path.mkdir(exist_ok=True)
            path.chmod(FOLDER_MODE)  # mkdir's own mode is cut by the umask, and the container has another user
            self._folders.add(folder)

    def _file(self, name: PurePosixPath, member: tarfile.TarInfo, stream: PlainStream) -> None:
        self._folder(name.parent)
        target = self._into / name
        target.unlink(missing_ok=True)  # the last one of a name counts, and must not be written into a hard link
        stream.seek(member.offset_data)
        left = member.size
        with target.open("xb") as file:
            for block in stream.blocks(member.size):
                file.write(block)
                left -= len(block)
        if left:
            raise tarfile.ReadError("it ends within a file")
        target.chmod(0o755 if member.mode & 0o111 else 0o644)

    def _hard_link(self, name: PurePosixPath, to: PurePosixPath) -> None:
        """A hard link to a file that came before."""
        if not (self._into / to).is_file():
            raise ValidationError(f"The tarball's entry '{_shown(str(name))}' is a link to what is not in it")
        if name != to:
            self._folder(name.parent)
            (self._into / name).unlink(missing_ok=True)
            os.link(self._into / to, self._into / name)

    def make_links(self) -> None:
        """Make the symbolic links, and see where each of them ends."""
        names = {name for name, _ in self._links}
        for name, to in self._links:
            inside = os.path.normpath(f"{name.parent}/{to}")
            if names & set(name.parents):
                raise ValidationError(f"The tarball's entry '{_shown(str(name))}' lies behind a link")
            if to.startswith("/") or inside == ".." or inside.startswith("../"):
                raise ValidationError(f"The tarball's entry '{_shown(str(name))}' is a link that leaves the folder")
            self._folder(name.parent)
            (self._into / name).unlink(missing_ok=True)
            (self._into / name).symlink_to(to)
        # Links can lead through links, so that what each seems to say is not where it ends.
        root = self._into.resolve()
        for name, _ in self._links:
            if not Path(os.path.realpath(self._into / name)).is_relative_to(root):
                for other, _ in self._links:
                    (self._into / other).unlink(missing_ok=True)
                raise ValidationError(f"The tarball's entry '{_shown(str(name))}' is a link that leaves the folder")


def _name(text: str) -> PurePosixPath:
    name = PurePosixPath(text)
    if name.is_absolute() or ".." in name.parts or len(name.parts) > MAX_DEPTH or "\0" in text:
        raise ValidationError(f"The tarball's entry '{_shown(text)}' leaves the folder")
    return name


def _shown(text: str) -> str:
    return text.encode("unicode_escape", errors="replace").decode()[:100]
