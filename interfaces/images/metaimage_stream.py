"""The voxels of a MetaImage as a stream: little memory whatever the image's size, and nothing taken on trust."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO, TypeAlias

import numpy as np
from isal import igzip_lib, isal_zlib

from interfaces.errors import ValidationError
from interfaces.images.metaimage import MetaImageLayout

Voxels: TypeAlias = np.ndarray[Any, np.dtype[Any]]
"""Values of voxels, in one dimension."""

BLOCK_BYTES = 2**19
"""Most bytes of voxels in a block; few enough to stay in a processor's cache."""

_READ_BYTES = 2**16

# The package's stubs call its exception class an exception.
_BROKEN: type[Exception] = igzip_lib.IsalError  # type: ignore[assignment]


def metaimage_blocks(layout: MetaImageLayout) -> Iterator[Voxels]:
    """The voxels' values in the order of the file (x fastest, components innermost), block by block, read once.

    A block is one-dimensional, holds at most `BLOCK_BYTES`, and is valid until the next one is asked for. The memory
    needed does not depend on the image's size.

    Raises:
        ValidationError: The data end early, are broken, or are more than the header says.
    """
    with layout.data_file.open("rb") as file:
        file.seek(layout.offset)
        chunks = _stored(file, layout) if layout.compressed_bytes is None else _inflated(file, layout)
        rest = b""
        for chunk in chunks:
            data = rest + chunk if rest else chunk
            whole = len(data) - len(data) % layout.dtype.itemsize
            rest = bytes(data[whole:])
            if whole:
                yield np.frombuffer(data, dtype=layout.dtype, count=whole // layout.dtype.itemsize)


def _stored(file: BinaryIO, layout: MetaImageLayout) -> Iterator[bytes]:
    missing = layout.voxel_bytes
    while missing:
        chunk = file.read(min(BLOCK_BYTES, missing))
        if not chunk:
            raise ValidationError(f"The image data end {missing} bytes early")
        missing -= len(chunk)
        yield chunk


def _inflated(file: BinaryIO, layout: MetaImageLayout) -> Iterator[bytes]:
    """Decompress a zlib or gzip stream, checking its length and its checksum."""
    assert layout.compressed_bytes is not None
    unread, missing = layout.compressed_bytes, layout.voxel_bytes
    gzip = file.read(2) == b"\x1f\x8b"
    file.seek(layout.offset)
    inflate = isal_zlib.decompressobj(wbits=31 if gzip else 15)
    pending = b""
    while not inflate.eof:
        if not pending and unread:
            pending = file.read(min(_READ_BYTES, unread))
            unread = unread - len(pending) if pending else 0
        try:
            chunk = inflate.decompress(pending, BLOCK_BYTES)
        except _BROKEN as error:
            raise ValidationError(f"The compressed image data are broken: {error}") from error
        tail = inflate.unconsumed_tail
        stuck = not chunk and len(tail) == len(pending) and not unread
        pending = tail
        missing -= len(chunk)
        if missing < 0:
            raise ValidationError("The compressed image data hold more voxels than the header says")
        if stuck:
            break
        if chunk:
            yield chunk
    if not inflate.eof or missing:
        raise ValidationError(f"The compressed image data end early: {missing} bytes of voxels are missing")
