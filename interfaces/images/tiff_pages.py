"""The forms of TIFF pages that ITK reads safely.

ITK takes pages as slices. It counts them by their NewSubfileType and sizes its memory by the first of them, and it
believes what a page says about its samples: odd mixtures make it write beyond its memory. So only plain forms pass.
Numbers are those of TIFF 6.0.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from interfaces.errors import ValidationError
from interfaces.images.bounds import voxel_count

MAX_SAMPLES = 4

COMPRESSIONS = {1: "none", 5: "LZW", 7: "JPEG", 8: "deflate", 32946: "deflate", 32773: "PackBits"}
"""The codecs that are read."""

_WHOLE, _PAGE = 0, 2
_PASSED_OVER = {1, 4, 5}  # a smaller copy, a transparency mask, and a copy of one

_PALETTE, _YCBCR = 3, 6
_SAMPLES = {0: {1}, 1: {1}, 2: {3, 4}, _PALETTE: {1}, _YCBCR: {3}}
_NAMES = {"kind": "NewSubfileType", "formats": "sample format", "bits": "number of bits"}
_BITS = {1: {8, 16, 32}, 2: {8, 16, 32}, 3: {32, 64}}


@dataclass(frozen=True, kw_only=True)
class TiffPage:
    """What a page says of itself, with the standard's defaults for what it does not say.

    Attributes:
        kind: NewSubfileType, or None where the page does not say.
        width: Pixels along x.
        height: Pixels along y.
        bits: Of each sample.
        compression: The codec's number.
        photometric: How samples are colours; -1 where the page does not say.
        fill_order: Order of bits in a byte.
        orientation: Which corner is first.
        samples: Values per pixel.
        rows_per_strip: Height of a strip.
        planar: 1 where the samples of a pixel lie together.
        colours: Length of the palette.
        tile_width: Of a tile, or 0.
        tile_height: Of a tile, or 0.
        formats: Of each sample: 1 unsigned, 2 signed, 3 float.
        is_tiled: Whether there are tiles and no strips.
        offsets: Where each strip or tile begins.
        counts: Bytes of each strip or tile.
    """

    kind: int | None
    width: int
    height: int
    bits: tuple[int, ...]
    compression: int
    photometric: int
    fill_order: int
    orientation: int
    samples: int
    rows_per_strip: int
    planar: int
    colours: int
    tile_width: int
    tile_height: int
    formats: tuple[int, ...]
    is_tiled: bool
    offsets: np.ndarray[Any, np.dtype[np.uint64]]
    counts: np.ndarray[Any, np.dtype[np.uint64]]

    @property
    def pixel_bytes(self) -> int:
        """Bytes of all pixels once they are decompressed."""
        return self.width * self.height * sum(self.bits) // 8


def check_page(page: TiffPage) -> None:
    """Refuse a page of a form that ITK does not read, or not safely.

    Raises:
        ValidationError: Names what is odd.
    """
    voxel_count((page.width, page.height))
    sample_format = page.formats[0] if page.formats else 1
    plain = {
        f"the compression {page.compression}": page.compression in COMPRESSIONS,
        f"{page.samples} samples per pixel of photometric interpretation {page.photometric}": page.samples
        in _SAMPLES.get(page.photometric, set()),
        f"bits per sample of {list(page.bits)}": len(page.bits) == page.samples and len(set(page.bits)) == 1,
        f"sample formats of {list(page.formats)}": len(set(page.formats)) <= 1
        and len(page.formats) in {0, 1, page.samples},
        f"samples of {page.bits[0] if page.bits else 1} bits in the format {sample_format}": bool(page.bits)
        and page.bits[0] in _BITS.get(sample_format, set()),
        "its samples in separate planes": page.planar == 1,
        f"the fill order {page.fill_order}": page.fill_order == 1,
        f"the orientation {page.orientation}": page.orientation == 1,
        "a palette that is not one of its bits": page.photometric != _PALETTE
        or (page.bits == (8,) and sample_format == 1 and page.colours == 3 * 256),
        "JPEG data that are not 8-bit colours": page.compression != 7 or page.bits[:1] == (8,),
        "both strips and tiles": page.is_tiled == (page.tile_width > 0) == (page.tile_height > 0),
        "YCbCr colours without JPEG": page.photometric != _YCBCR or page.compression == 7,
    }
    for what, holds in plain.items():
        if not holds:
            raise ValidationError(f"The TIFF has a page with {what}, which is not read; write it in a plain form")
    _check_segments(page)


def _check_segments(page: TiffPage) -> None:
    """Hold the number and, where there is no compression, the length of strips or tiles against the page."""
    across, down = 1, min(page.rows_per_strip, page.height)
    row_bytes = page.width * sum(page.bits) // 8
    if page.is_tiled:
        across, down, row_bytes = page.tile_width, page.tile_height, page.tile_width * sum(page.bits) // 8
        if min(across, down) < 16 or across % 16 or down % 16 or max(across, down) > 2**16:
            raise ValidationError(f"The TIFF has tiles of {across} x {down} pixels; they must be multiples of 16")
        segments = -(-page.width // across) * -(-page.height // down)
    elif down < 1:
        raise ValidationError("The TIFF has strips without a row")
    else:
        segments = -(-page.height // down)
    if len(page.offsets) != segments or len(page.counts) != segments:
        raise ValidationError(
            f"The TIFF has a page of {segments} strips or tiles, but says where {len(page.offsets)} of them lie"
        )
    if page.compression == 1:
        last = down if page.is_tiled else page.height - (segments - 1) * down
        if int(page.counts[-1]) < last * row_bytes or (page.counts[:-1] < down * row_bytes).any():
            raise ValidationError(f"The TIFF claims {page.pixel_bytes} bytes of voxels, but a strip or tile has fewer")


class Slices:
    """Holds each page against the first: slices are of one form, and only smaller copies may follow them."""

    _SAME = tuple(field.name for field in fields(TiffPage) if field.name not in {"offsets", "counts", "rows_per_strip"})

    def __init__(self) -> None:
        self._first: TiffPage | None = None
        self._pages = 0
        self._copies_began = False

    def add(self, page: TiffPage) -> None:
        """Take the next page.

        Raises:
            ValidationError: It does not fit those before it.
        """
        self._pages += 1
        first = self._first = self._first or page
        self._copies_began |= page.kind in _PASSED_OVER
        if first.kind not in {None, _WHOLE, _PAGE} or (self._copies_began and first.kind == _PAGE):
            raise ValidationError(f"The TIFF's first page has the NewSubfileType {first.kind}; write it as 0")
        if self._copies_began:
            if page.kind not in _PASSED_OVER:
                raise ValidationError(f"The TIFF has a slice after smaller copies, at page {self._pages}")
            return
        # A page that says 0 and one that says nothing mean the same, and are counted differently by ITK.
        for name in self._SAME:
            if getattr(page, name) != getattr(first, name):
                what = _NAMES.get(name, name.replace("_", " "))
                raise ValidationError(
                    f"The TIFF's pages differ: page {self._pages} has another {what} than the first; "
                    "write slices of one form, or mark smaller copies with NewSubfileType 1"
                )
