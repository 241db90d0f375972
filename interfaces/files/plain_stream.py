"""Reading what is in a compressed file, forward only and within bounds, whatever the file claims.

gzip is RFC 1952, xz the format of https://tukaani.org/xz/xz-file-format.txt. A file may hold several compressed streams
one after another, as both formats allow; what follows that is none is left unread, as by the programs of those names.
"""

from __future__ import annotations

import io
import lzma
import tarfile
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any, Protocol

from isal import igzip_lib

BLOCK_BYTES = 2**20
"""Most bytes in memory at a time."""

MAX_HEADER_BYTES = 2**18
"""Most bytes for one call of `read`. The tarfile module reads a long name of any length with one call."""

XZ_MEMORY_BYTES = 2**28
"""Most memory for reading xz: its highest level needs 65 MiB, but a header may ask for 4 GiB."""

_MAGIC_BYTES = 6
_INPUT_BYTES = 2**16
_MAX_EMPTY_STREAMS = 1000
"""Compressed streams with nothing in them, one after another: a few bytes each, but as much work as any other."""


class Compression(StrEnum):
    """How a file is compressed, told from its first bytes; PLAIN is anything that is none of the others."""

    PLAIN = ""
    GZIP = "gzip"
    XZ = "xz"
    BZIP2 = "bzip2"
    ZSTANDARD = "zstandard"


_MAGICS = (
    (b"\x1f\x8b", Compression.GZIP),
    (b"\xfd7zXZ\x00", Compression.XZ),
    (b"BZh", Compression.BZIP2),
    (b"\x28\xb5\x2f\xfd", Compression.ZSTANDARD),
)


class Readable(Protocol):
    """Anything with bytes to read, one after another."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""


class _Decompressor(Protocol):
    eof: bool
    needs_input: bool
    unused_data: bytes

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


def _gzip() -> Any:
    return igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)


def _xz() -> Any:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY_BYTES)


_DECOMPRESSORS: dict[Compression, Callable[[], _Decompressor]] = {Compression.GZIP: _gzip, Compression.XZ: _xz}

# The package's stubs call its exception class an exception.
BROKEN: tuple[type[Exception], ...] = (lzma.LZMAError, EOFError, igzip_lib.IsalError)  # type: ignore[assignment]
"""What reading raises where the file is damaged or cut."""

BROKEN_TAR: tuple[type[Exception], ...] = (*BROKEN, tarfile.TarError, ValueError, RecursionError)
"""What the tarfile module raises besides, for archives that are not what they seem."""


class TooMuch(Exception):
    """There is more in a file than may be read."""


class PlainStream(io.RawIOBase):
    """The bytes of a file, decompressed, for the tarfile module (`read`, `seek` forward, `tell`) and for `blocks`.

    Args:
        file: Where to read; its compression is told from its first bytes.
        max_bytes: Most bytes that it may hold.

    Attributes:
        compression: What was found. Of BZIP2 and ZSTANDARD the bytes come as they are.
    """

    def __init__(self, file: Readable, *, max_bytes: int) -> None:
        super().__init__()
        self._file, self._left = file, max_bytes
        self._input = self._read_magic(b"")
        self.compression = next((one for magic, one in _MAGICS if self._input.startswith(magic)), Compression.PLAIN)
        self._new = _DECOMPRESSORS.get(self.compression)
        self._decompressor = self._new() if self._new else None
        self._position = 0
        self._empty_streams = 0

    def _read_magic(self, start: bytes) -> bytes:
        while len(start) < _MAGIC_BYTES and (more := self._file.read(_MAGIC_BYTES - len(start))):
            start += more
        return start

    def read(self, size: int = -1, /) -> bytes:
        """Exactly `size` bytes, or fewer at the end.

        Raises:
            ValueError: It is a size that no header has.
            TooMuch: There are more bytes than may be.
        """
        if not 0 <= size <= MAX_HEADER_BYTES:
            raise ValueError(f"a header of {size} bytes")
        return b"".join(self.blocks(size))

    def blocks(self, size: int) -> Iterator[bytes]:
        """The next `size` bytes, or fewer at the end, a block at a time.

        Raises:
            TooMuch: There are more bytes than may be.
        """
        while size > 0 and (block := self._some(min(size, BLOCK_BYTES))):
            size -= len(block)
            self._position += len(block)
            self._left -= len(block)
            if self._left < 0:
                raise TooMuch
            yield block

    def _some(self, size: int) -> bytes:
        """Some bytes; none only at the end."""
        if self._decompressor is None:
            block, self._input = self._input[:size], self._input[size:]
            return block or self._file.read(size)
        while True:
            if self._decompressor.eof and not self._next_stream():
                return b""
            if self._decompressor.needs_input and not self._input:
                self._input = self._file.read(_INPUT_BYTES)
                if not self._input:
                    raise EOFError("it ends too early")
            data, self._input = self._input, b""
            if block := self._decompressor.decompress(data, size):
                self._empty_streams = 0
                return block

    def _next_stream(self) -> bool:
        """Begin the next compressed stream of the file, if there is one."""
        assert self._decompressor is not None and self._new is not None
        rest = self._decompressor.unused_data.lstrip(b"\0")  # xz pads with zeros, gzip may
        while len(rest) < _MAGIC_BYTES and (more := self._file.read(_INPUT_BYTES)):
            rest = (rest + more).lstrip(b"\0")
        if not any(rest.startswith(magic) for magic, one in _MAGICS if one is self.compression):
            return False
        self._empty_streams += 1
        if self._empty_streams > _MAX_EMPTY_STREAMS:
            raise EOFError("it is made of empty streams")
        self._decompressor, self._input = self._new(), rest
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go forward to a position.

        Raises:
            ValueError: It lies behind.
        """
        if whence != io.SEEK_SET or offset < self._position:
            raise ValueError("an entry that lies before the last one")
        for _ in self.blocks(offset - self._position):
            pass
        return self._position

    def tell(self) -> int:
        """How many bytes were read."""
        return self._position

    def readable(self) -> bool:
        """It is."""
        return True


def entries(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """The entries of a tar archive, each forgotten once it was looked at: the module would keep them all.

    Raises:
        tarfile.TarError: The archive is damaged.
    """
    while (entry := archive.next()) is not None:
        archive.members.clear()  # type: ignore[attr-defined]
        if entry.size < 0:
            raise tarfile.ReadError("an entry of a negative size")
        yield entry
