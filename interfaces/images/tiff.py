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

_SUBFILE, _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES, _PLANAR = 254, 256, 257, 258, 259, 262, 277, 284
_TILE_WIDTH, _TILE_HEIGHT, _SAMPLE_FORMAT = 322, 323, 339
_OFFSETS, _COUNTS = (273, 324), (279, 325)
_SAME_IN_ALL_PAGES = {
    _WIDTH: "width",
    _HEIGHT: "height",
    _BITS: "bits per sample",
    _COMPRESSION: "compression",
    _PHOTOMETRIC: "colours",
    _SAMPLES: "samples per pixel",
    _PLANAR: "planar configuration",
    _TILE_WIDTH: "tile width",
    _TILE_HEIGHT: "tile height",
    _SAMPLE_FORMAT: "sample format",
}
_FIRST_VALUES = (_SUBFILE, *_SAME_IN_ALL_PAGES)

# NewSubfileType: a whole image, and one page of several; a smaller copy, a transparency mask, and a copy of a mask.
_WHOLE, _PAGE = 0, 2
_PASSED_OVER = {1, 4, 5}

_TYPES = {1: "u1", 3: "u2", 4: "u4", 13: "u4", 16: "u8", 18: "u8"}
_TYPE_BYTES = dict(
    zip((1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 17, 18), map(int, "1124811248484888"), strict=True)
)

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

    ITK takes pages as slices. It counts them by their NewSubfileType, and writes beyond its memory where types are
    mixed or slices differ in form. So slices must be of one type and form; smaller copies may follow them.

    Raises:
        ValidationError: It is no TIFF, points outside itself, runs in a circle, claims more pixels than it holds, or
            has pages of different forms.
    """
    file_bytes = path.stat().st_size
    with path.open("rb") as file:
        form, offset = _start(file)
        seen: set[int] = set()
        total = 0
        slices = _Slices()
        while offset:
            if offset in seen or len(seen) >= MAX_PAGES:
                raise ValidationError("The TIFF's list of pages does not end")
            seen.add(offset)
            tags, offset = _page(file, form, offset, file_bytes)
            values = {tag: _first_value(file, form, tags, tag) for tag in _FIRST_VALUES}
            total += _page_bytes(file, form, tags, values, file_bytes)
            check_bytes(total, max_bytes=max_bytes)
            slices.add(values)
    if not seen:
        raise ValidationError("The TIFF has no page")


class _Slices:
    """Holds each page against the first."""

    def __init__(self) -> None:
        self._first: dict[int, int | None] | None = None
        self._pages = 0
        self._copies_began = False

    def add(self, page: dict[int, int | None]) -> None:
        self._pages += 1
        kind = page[_SUBFILE] or _WHOLE
        first = self._first = self._first or page
        first_kind = first[_SUBFILE] or _WHOLE
        self._copies_began |= kind in _PASSED_OVER
        if first_kind not in {_WHOLE, _PAGE} or (self._copies_began and first_kind != _WHOLE):
            raise ValidationError(f"The TIFF's first page has the NewSubfileType {first_kind}; write it as 0")
        if self._copies_began:
            if kind not in _PASSED_OVER:
                raise ValidationError(f"The TIFF has a slice after smaller copies, at page {self._pages}")
            return
        for tag, name in {_SUBFILE: "NewSubfileType", **_SAME_IN_ALL_PAGES}.items():
            if (page[tag] or 0) != (first[tag] or 0):
                raise ValidationError(
                    f"The TIFF's pages differ: page {self._pages} has another {name} than the first; "
                    "write slices of one form, or mark smaller copies with NewSubfileType 1"
                )


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


def _first_value(file: BinaryIO, form: _Form, tags: _Tags, tag: int) -> int | None:
    values = _values(file, form, tags, tag, 1)
    return int(values[0]) if len(values) else None


def _page_bytes(file: BinaryIO, form: _Form, tags: _Tags, one: dict[int, int | None], file_bytes: int) -> int:
    """The bytes of pixels that a page claims, held against its strips or tiles."""
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
