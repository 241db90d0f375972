"""The pixels of a DICOM file: what its header claims is held against the bytes, before a decoder makes room for it.

Format: DICOM PS3.5, A.4 (encapsulated pixels) and A.5 (deflated data sets).
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from pydicom.filereader import read_file_meta_info
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from interfaces.errors import ValidationError
from interfaces.images.bounds import bytes_text, check_bytes, check_data, memory_bound_bytes

MAX_DEFLATED_BYTES = 2**30
"""What a deflated file may expand to; its readers expand it whole."""

_COMPRESSED_FREE_BYTES = 2**28
_COMPRESSED_MAX_RATIO = 1_000
"""Compressed pixels may claim so many times their size, and 256 MiB anyway: an empty image takes next to nothing."""

_PREAMBLE_BYTES, _GROUP_LENGTH_BYTES = 132, 12
_ELEMENT_BYTES, _ITEM_BYTES = 12, 8
_UNDEFINED_LENGTH = b"\xff\xff\xff\xff"
_ITEM, _SEQUENCE_END = (0xFFFE, 0xE000), (0xFFFE, 0xE0DD)


def check_pixel_data(path: Path, *, offset: int, claimed: int, syntax: UID | None) -> None:
    """Hold the bytes of pixels that a header claims against the file.

    Args:
        path: The file.
        offset: Where its element of pixels begins (where its data set does not end, if it is deflated).
        claimed: Bytes of pixels, decompressed.
        syntax: Its transfer syntax; one that is deflated was checked by `check_deflated`.

    Raises:
        ValidationError: It claims more than it can hold, or its pixels end early.
    """
    check_bytes(claimed, max_bytes=memory_bound_bytes())
    if syntax == DeflatedExplicitVRLittleEndian:
        check_data(needed=claimed, present=MAX_DEFLATED_BYTES)
    elif syntax is None or not syntax.is_compressed:
        check_data(needed=claimed, present=path.stat().st_size - offset)
    else:
        present = _fragment_bytes(path, offset)
        if claimed > _COMPRESSED_FREE_BYTES:
            check_data(needed=claimed, present=present, ratio=_COMPRESSED_MAX_RATIO)


def _fragment_bytes(path: Path, offset: int) -> int:
    """The bytes of all fragments of compressed pixels, none of which is read."""
    file_bytes, total = path.stat().st_size, 0
    with path.open("rb") as file:
        file.seek(offset)
        # Where a writer left out what explicit elements say of themselves, ITK's decoder takes gigabytes for a length.
        if file.read(_ELEMENT_BYTES)[8:] != _UNDEFINED_LENGTH:
            raise ValidationError("is a DICOM file whose compressed pixels are not in fragments")
        at = offset + _ELEMENT_BYTES
        while len(item := file.read(_ITEM_BYTES)) == _ITEM_BYTES:
            *tag, length = struct.unpack("<HHI", item)
            if tuple(tag) == _SEQUENCE_END:
                return total
            at += _ITEM_BYTES + length
            if tuple(tag) != _ITEM or at > file_bytes:
                break
            total += length
            file.seek(at)
    raise ValidationError("is a DICOM file whose compressed pixels end early")


def check_deflated(path: Path) -> None:
    """Expand a deflated file block by block, for its size alone.

    Raises:
        ValidationError: It expands to more than `MAX_DEFLATED_BYTES`.
    """
    inflate, expanded = zlib.decompressobj(-zlib.MAX_WBITS), 0
    with path.open("rb") as file:
        file.seek(_dataset_offset(path))
        while not inflate.eof and (data := inflate.unconsumed_tail or file.read(2**16)):
            expanded += len(inflate.decompress(data, 2**20))
            if expanded > MAX_DEFLATED_BYTES:
                raise ValidationError(f"expands to more than {bytes_text(MAX_DEFLATED_BYTES)}")


def _dataset_offset(path: Path) -> int:
    """Where the data set begins: behind the preamble, the magic, and the group of file meta information."""
    return _PREAMBLE_BYTES + _GROUP_LENGTH_BYTES + int(read_file_meta_info(path).FileMetaInformationGroupLength)
