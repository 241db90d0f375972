"""What is in an image archive: one pass over it, in bounded memory, whatever it claims."""

from __future__ import annotations

import hashlib
import os
import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from interfaces.errors import ImageImportFailed
from interfaces.files.plain_stream import (
    BLOCK_BYTES,
    BROKEN,
    BROKEN_TAR,
    Compression,
    PlainStream,
    TooMuch,
    entries,
)

MANIFEST = "manifest.json"
MAX_ENTRIES = 10_000
"""An image has at most 127 layers, of up to four members each; one with several platforms has some more."""

MAX_NAME = 1024
MAX_JSON_BYTES = 4 * 2**20
MAX_KEPT_BYTES = 64 * 2**20
"""Most bytes of JSON in memory: which member is the configuration is not known before the manifest was seen."""

CONFIG_NAME = re.compile(r"(?:blobs/sha256/|sha256:)?(?P<sha256>[0-9a-f]{64})(?:\.json)?", re.ASCII)

_OVERHEAD_BYTES = 64 * 2**20
_READABLE = frozenset({Compression.GZIP, Compression.XZ})
_JSON_STARTS = (b"{", b"[", b" ", b"\n", b"\t", b"\r", b"\xef")


@dataclass(frozen=True, kw_only=True)
class Member:
    """A plain file of an archive.

    Attributes:
        size: Bytes.
        sha256: Of its content, 64 hexadecimal digits.
        compression: How its content is compressed.
        plain_sha256: Of its decompressed content; None where that can't be read.
        plain_size: Bytes, decompressed.
    """

    size: int
    sha256: str
    compression: Compression
    plain_sha256: str | None
    plain_size: int


@dataclass(kw_only=True)
class Contents:
    """What an archive holds.

    Attributes:
        files: Its plain files by name.
        links: Its symbolic links by name, and where they lead.
        kept: The content of those files that may be the manifest or a configuration.
    """

    files: dict[str, Member] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    kept: dict[str, bytes] = field(default_factory=dict)


def described(path: Path) -> str:
    """What an archive is called in messages."""
    return f"the container image archive {path}"


def too_large(path: Path, max_bytes: int) -> ImageImportFailed:
    """The refusal of an image that is too large."""
    return ImageImportFailed(f"{described(path)} is larger than {max_bytes / 2**30:g} GB (setting limits.image_bytes)")


@contextmanager
def opened(path: Path, *, max_bytes: int) -> Iterator[tuple[PlainStream, tarfile.TarFile]]:
    """An archive, to be read once from its start to its end.

    Raises:
        ImageImportFailed: It can't be decompressed, is no tar archive, is damaged, or is larger than `max_bytes`.
    """
    stream = None
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size > max_bytes:
                raise TooMuch
            stream = PlainStream(file, max_bytes=max_bytes + _OVERHEAD_BYTES)
            with tarfile.open(fileobj=stream, mode="r:") as archive:
                yield stream, archive
    except TooMuch as error:
        raise too_large(path, max_bytes) from error
    except BROKEN as error:
        raise ImageImportFailed(f"{described(path)} could not be decompressed: {_reason(error)}") from error
    except OSError as error:
        raise ImageImportFailed(f"{described(path)} can't be read: {error.strerror or error}") from error
    except BROKEN_TAR as error:
        if stream is not None and stream.compression in _READABLE:
            raise ImageImportFailed(f"{described(path)} holds no tar archive ({_reason(error)})") from error
        if stream is not None and stream.tell() > tarfile.BLOCKSIZE:
            raise ImageImportFailed(f"{described(path)} is damaged or cut ({_reason(error)})") from error
        found = (
            f"it is compressed with {stream.compression}" if stream is not None and stream.compression else "it is none"
        )
        raise ImageImportFailed(
            f"{described(path)} could not be decompressed: a .tar, .tar.gz or .tar.xz is needed, but {found}"
        ) from error


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def read_contents(path: Path, *, max_bytes: int) -> Contents:
    """Read an archive once.

    Args:
        path: The file.
        max_bytes: Most bytes of what is in it, decompressed.

    Raises:
        ImageImportFailed: It can't be read, or has more in it than an image can have.
    """
    contents = Contents()
    with opened(path, max_bytes=max_bytes) as (stream, archive):
        left = max_bytes
        for count, entry in enumerate(entries(archive), start=1):
            name = entry.name.removeprefix("./")
            if count > MAX_ENTRIES or len(name) > MAX_NAME:
                raise ImageImportFailed(
                    f"{described(path)} has more than {MAX_ENTRIES} members, or one whose name has more than "
                    f"{MAX_NAME} characters"
                )
            if name in contents.files or name in contents.links:
                raise ImageImportFailed(f"{described(path)} has two members '{shown(name)}'")
            if entry.issym():
                contents.links[name] = entry.linkname
            elif entry.isreg() and not entry.issparse():
                stream.seek(entry.offset_data)
                member, kept = _read_member(_Part(stream, entry.size), name, max_bytes=left)
                left -= member.plain_size
                contents.files[name] = member
                if kept is not None:
                    contents.kept[name] = kept
                _check_kept(path, contents.kept)
            # Devices, hard links and the like stay out of sight: nothing of an image is one.
        for _ in stream.blocks(max_bytes + _OVERHEAD_BYTES):  # whether the file is whole shows at its end
            pass
    return contents


def _check_kept(path: Path, kept: dict[str, bytes]) -> None:
    if sum(map(len, kept.values())) > MAX_KEPT_BYTES:
        raise ImageImportFailed(f"{described(path)} has more than {MAX_KEPT_BYTES // 2**20} MB of JSON")


class _Part:
    """The content of one member, hashed as it is read."""

    def __init__(self, stream: PlainStream, size: int) -> None:
        self._stream, self.size, self._left = stream, size, size
        self.digest = hashlib.sha256()
        self.archive_is_broken = False

    def read(self, size: int, /) -> bytes:
        try:
            block = next(self._stream.blocks(min(size, self._left, BLOCK_BYTES)), b"")
        except BROKEN:
            self.archive_is_broken = True
            raise
        if not block and self._left and size:
            raise tarfile.ReadError("it ends within a member")
        self._left -= len(block)
        self.digest.update(block)
        return block


def _read_member(part: _Part, name: str, *, max_bytes: int) -> tuple[Member, bytes | None]:
    """A member's digests, and its content where it may be the manifest or a configuration."""
    plain = PlainStream(part, max_bytes=max_bytes)
    candidate = part.size <= MAX_JSON_BYTES and (name == MANIFEST or CONFIG_NAME.fullmatch(name) is not None)
    kept = b""
    digest: hashlib._Hash | None = hashlib.sha256() if plain.compression in _READABLE else None
    size = 0
    broken = False
    try:
        for block in plain.blocks(max_bytes + 1):
            size += len(block)
            if digest is not None:
                digest.update(block)
            elif candidate:
                kept += block
    except BROKEN:
        if part.archive_is_broken:
            raise
        broken = True
    while part.read(BLOCK_BYTES):  # what follows the compressed content
        pass
    unreadable = broken or plain.compression in {Compression.BZIP2, Compression.ZSTANDARD}
    member = Member(
        size=part.size,
        sha256=part.digest.hexdigest(),
        compression=plain.compression,
        plain_sha256=None if unreadable else (digest or part.digest).hexdigest(),
        plain_size=size,
    )
    return member, kept if kept.startswith(_JSON_STARTS) else None


def shown(text: str) -> str:
    """A name from an archive, fit for a message."""
    return text.encode("unicode_escape", errors="replace").decode()[:100]
