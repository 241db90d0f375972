"""The structure of a TIFF file (classic and BigTIFF), read without its pixels, so that ITK only meets honest ones.

Format: TIFF 6.0 and its BigTIFF extension.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from interfaces.errors import ValidationError
from interfaces.images.bounds import DEFLATE_MAX_RATIO, MAX_COMPONENTS, check_bytes, check_data, voxel_count

MAX_PAGES = 65_536
_MAX_ENTRIES = 4_096
_MAX_SEGMENTS = 2**26

_SUBFILE, _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _SAMPLES = 254, 256, 257, 258, 259, 277
_OFFSETS, _COUNTS = (273, 324), (279, 325)
_FIRST_VALUES = (_SUBFILE, _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _SAMPLES)

_TYPES = {1: "u1", 3: "u2", 4: "u4", 13: "u4", 16: "u8", 18: "u8"}
_TYPE_BYTES = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}

_MAX_RATIO = {1: 1.0, 5: 4_096.0, 8: float(DEFLATE_MAX_RATIO), 32946: float(DEFLATE_MAX_RATIO), 32773: 128.0}
"""By compression: what a byte can expand to. None, LZW (strings of at most 4,096), deflate (twice), PackBits. The other
codecs have no bound; the total does."""


@dataclass(frozen=True, kw_only=True)
class _Form:
    """Byte order and field widths of a file."""

    order: str
    big: bool

    def unpack(self, codes: str, data: bytes) -> tuple[int, ...]:
        return struct.unpack(self.order + codes, data)


def check_tiff(path: Path, *, max_bytes: int) -> None:
    """Follow the pages of a TIFF file and hold what they claim against the file; no pixel is read.

    Raises:
        ValidationError: It is no TIFF, points outside itself, runs in a circle, or claims more pixels than it holds.
    """
    file_bytes = path.stat().st_size
    with path.open("rb") as file:
        form, offset = _start(file)
        seen: set[int] = set()
        total = 0
        while offset:
            if offset in seen or len(seen) >= MAX_PAGES:
                raise ValidationError("The TIFF's list of pages does not end")
            seen.add(offset)
            tags, offset = _page(file, form, offset, file_bytes)
            total += _page_bytes(file, form, tags, file_bytes)
            check_bytes(total, max_bytes=max_bytes)
    if not seen:
        raise ValidationError("The TIFF has no page")


def _read(file: BinaryIO, offset: int, count: int) -> bytes:
    file.seek(offset)
    data = file.read(count)
    if len(data) != count:
        raise ValidationError("The TIFF points beyond its own end")
    return data


def _start(file: BinaryIO) -> tuple[_Form, int]:
    start = file.read(16)
    order = {b"II": "<", b"MM": ">"}.get(start[:2])
    if order is None or len(start) < 8:
        raise ValidationError("The file is no TIFF: it does not begin like one")
    version = struct.unpack(order + "H", start[2:4])[0]
    if version == 42:
        return _Form(order=order, big=False), struct.unpack(order + "I", start[4:8])[0]
    if version == 43 and len(start) == 16 and struct.unpack(order + "HH", start[4:8]) == (8, 0):
        return _Form(order=order, big=True), struct.unpack(order + "Q", start[8:16])[0]
    raise ValidationError("The file is no TIFF: it does not begin like one")


_Tags = dict[int, tuple[int, int, bytes]]


def _page(file: BinaryIO, form: _Form, offset: int, file_bytes: int) -> tuple[_Tags, int]:
    """A page's tags as (type, count, raw value or offset), and the offset of the next page."""
    if offset >= file_bytes:
        raise ValidationError("The TIFF points beyond its own end")
    count_code, entry_bytes, offset_code = ("Q", 20, "Q") if form.big else ("H", 12, "I")
    count_bytes = struct.calcsize("=" + count_code)
    count = form.unpack(count_code, _read(file, offset, count_bytes))[0]
    if count > _MAX_ENTRIES:
        raise ValidationError(f"A page of the TIFF claims {count} tags")
    data = _read(file, offset + count_bytes, count * entry_bytes + struct.calcsize("=" + offset_code))
    tags: _Tags = {}
    for at in range(0, count * entry_bytes, entry_bytes):
        entry = data[at : at + entry_bytes]
        tag, value_type, values = form.unpack("HHQ" if form.big else "HHI", entry[: 12 if form.big else 8])
        inline = entry[12 if form.big else 8 :]
        value_bytes = values * _TYPE_BYTES.get(value_type, 1)
        if value_bytes > len(inline) and form.unpack(offset_code, inline)[0] + value_bytes > file_bytes:
            raise ValidationError("The TIFF points beyond its own end")
        tags.setdefault(tag, (value_type, values, inline))
    return tags, form.unpack(offset_code, data[count * entry_bytes :])[0]


def _values(file: BinaryIO, form: _Form, tags: _Tags, tag: int, limit: int) -> np.ndarray[Any, Any]:
    """A tag's whole numbers, at most `limit` of them; empty where the page lacks it."""
    if tag not in tags:
        return np.empty(0, dtype=np.uint64)
    value_type, count, inline = tags[tag]
    if value_type not in _TYPES or count > _MAX_SEGMENTS:
        raise ValidationError(f"The TIFF's tag {tag} is not a list of whole numbers")
    count = min(count, limit)
    needed = count * _TYPE_BYTES[value_type]
    # A value that does not fit into the entry lies elsewhere; whether it fits is decided by the full count.
    if tags[tag][1] * _TYPE_BYTES[value_type] <= len(inline):
        data = inline[:needed]
    else:
        data = _read(file, form.unpack("Q" if form.big else "I", inline)[0], needed)
    return np.frombuffer(data, dtype=form.order + _TYPES[value_type]).astype(np.uint64)


def _page_bytes(file: BinaryIO, form: _Form, tags: _Tags, file_bytes: int) -> int:
    """The bytes of pixels that a page claims, held against its strips or tiles."""
    first = {tag: _values(file, form, tags, tag, 1) for tag in _FIRST_VALUES}
    one = {tag: int(values[0]) if len(values) else None for tag, values in first.items()}
    if one[_WIDTH] is None or one[_HEIGHT] is None:
        raise ValidationError("A page of the TIFF lacks its width or height")
    samples = one[_SAMPLES] or 1
    bits = one[_BITS] or 1
    if samples > MAX_COMPONENTS or bits > 64:
        raise ValidationError(f"A page of the TIFF claims {samples} samples of {bits} bits")
    pixels = voxel_count((one[_WIDTH] or 0, one[_HEIGHT] or 0))
    needed = pixels * samples * bits // 8

    offset_tag, count_tag = (_OFFSETS[1], _COUNTS[1]) if _OFFSETS[1] in tags else (_OFFSETS[0], _COUNTS[0])
    offsets = _values(file, form, tags, offset_tag, _MAX_SEGMENTS)
    counts = _values(file, form, tags, count_tag, _MAX_SEGMENTS)
    if not len(offsets) or len(offsets) != len(counts):
        raise ValidationError("A page of the TIFF does not say where its pixels lie")
    # In floats, since offset and length of a hostile BigTIFF can exceed 64 bits together.
    if float((offsets.astype(np.float64) + counts.astype(np.float64)).max()) > file_bytes:
        raise ValidationError("The TIFF's pixels lie beyond its own end")
    ratio = _MAX_RATIO.get(one[_COMPRESSION] or 1)
    if ratio is not None:
        check_data(needed=needed, present=int(counts.astype(np.float64).sum()), ratio=ratio)
    return needed
