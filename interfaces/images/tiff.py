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
from interfaces.images.bounds import DEFLATE_MAX_RATIO, check_bytes, check_data
from interfaces.images.tiff_pages import MAX_SAMPLES, Slices, TiffPage, check_page

MAX_PAGES = 65_536
_MAX_ENTRIES = 4_096
_MAX_SEGMENTS = 2**26

_OFFSETS, _COUNTS = (273, 324), (279, 325)

_TYPES = {1: "u1", 3: "u2", 4: "u4", 13: "u4", 16: "u8", 18: "u8"}
_TYPE_BYTES = dict(
    zip((1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 17, 18), map(int, "1124811248484888"), strict=True)
)

_MAX_RATIO = {
    1: 1.0,
    5: 4_096.0,
    7: 1_024.0,
    8: float(DEFLATE_MAX_RATIO),
    32946: float(DEFLATE_MAX_RATIO),
    32773: 128.0,
}
"""By compression: what a byte can expand to. None, LZW (strings of at most 4,096), JPEG (a bit for a block of 8 x 8
samples, two of three of which are halved both ways), deflate (twice), PackBits."""


@dataclass(frozen=True, kw_only=True)
class _Form:
    """Byte order and field widths of a file."""

    order: str
    big: bool

    def unpack(self, codes: str, data: bytes) -> tuple[int, ...]:
        return struct.unpack(self.order + codes, data)


def check_tiff(path: Path, *, max_bytes: int) -> None:
    """Follow the pages of a TIFF file and hold what they claim against the file; no pixel is read.

    The forms of pages that ITK reads safely are those that `tiff_pages` lets pass.

    Raises:
        ValidationError: It is no TIFF, points outside itself, runs in a circle, claims more pixels than it holds, or
            has pages of a form, or of different forms, that ITK does not read safely.
    """
    file_bytes = path.stat().st_size
    with path.open("rb") as file:
        form, offset = _start(file)
        seen: set[int] = set()
        total = 0
        slices = Slices()
        while offset:
            if offset in seen or len(seen) >= MAX_PAGES:
                raise ValidationError("The TIFF's list of pages does not end")
            seen.add(offset)
            tags, offset = _page(file, form, offset, file_bytes)
            page = _tiff_page(file, form, tags)
            total += _check_data(page, file_bytes)
            check_bytes(total, max_bytes=max_bytes)
            slices.add(page)
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
        if tag in tags:
            raise ValidationError(f"A page of the TIFF has the tag {tag} twice")
        tags[tag] = (value_type, values, inline)
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


def _tiff_page(file: BinaryIO, form: _Form, tags: _Tags) -> TiffPage:
    def whole(tag: int, default: int) -> int:
        values = _values(file, form, tags, tag, 1)
        return int(values[0]) if len(values) else default

    def many(tag: int, limit: int) -> tuple[int, ...]:
        return tuple(int(value) for value in _values(file, form, tags, tag, limit))

    is_tiled = _OFFSETS[1] in tags
    if is_tiled and _OFFSETS[0] in tags:
        raise ValidationError("The TIFF has a page with both strips and tiles, which is not read")
    return TiffPage(
        kind=whole(254, 0) if 254 in tags else None,
        width=whole(256, 0),
        height=whole(257, 0),
        bits=many(258, MAX_SAMPLES + 1),
        compression=whole(259, 1),
        photometric=whole(262, -1),
        fill_order=whole(266, 1),
        orientation=whole(274, 1),
        samples=whole(277, 1),
        rows_per_strip=whole(278, 2**32 - 1),
        planar=whole(284, 1),
        colours=tags[320][1] if 320 in tags else 0,
        tile_width=whole(322, 0),
        tile_height=whole(323, 0),
        formats=many(339, MAX_SAMPLES + 1),
        is_tiled=is_tiled,
        offsets=_values(file, form, tags, _OFFSETS[is_tiled], _MAX_SEGMENTS),
        counts=_values(file, form, tags, _COUNTS[is_tiled], _MAX_SEGMENTS),
    )


def _check_data(page: TiffPage, file_bytes: int) -> int:
    """The bytes of pixels that a page claims, held against its strips or tiles."""
    check_page(page)
    # In floats, since offset and length of a hostile BigTIFF can exceed 64 bits together.
    ends = page.offsets.astype(np.float64) + page.counts.astype(np.float64)
    if ends.max() > file_bytes:
        raise ValidationError("The TIFF's pixels lie beyond its own end")
    present = int(page.counts.astype(np.float64).sum())
    check_data(needed=page.pixel_bytes, present=present, ratio=_MAX_RATIO[page.compression])
    return page.pixel_bytes
