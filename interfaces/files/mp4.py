"""MP4 files: the boxes that they are made of.

Format: ISO/IEC 14496-12, 4.2 (boxes), 4.3 (ftyp), 8.2 (moov), 8.1 (mdat), 8.4.3 (hdlr); brands: https://mp4ra.org.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from interfaces.errors import ValidationError

MAX_BOXES = 1_000_000
MAX_TRACKS = 1_000

_BRANDS = (b"iso", b"mp4", b"avc", b"M4V", b"MSNV", b"dash", b"mmp4", b"f4v")
"""How the brands of MP4 videos begin; not so those of QuickTime, HEIF and AVIF, which have boxes as well."""

_MAX_FILE_TYPE_BYTES = 4096


def check_mp4(path: Path) -> None:
    """An MP4 file: boxes that fit into it, a file type first, a movie with a video track, and media data.

    Raises:
        ValidationError: It is not; the text names the box or what is missing.
    """
    with path.open("rb") as file:
        boxes = list(mp4_boxes(file, 0, path.stat().st_size))
        if not boxes or boxes[0][0] != b"ftyp":
            raise ValidationError("It is no MP4 file: it does not begin with a box 'ftyp'")
        _check_file_type(file, *boxes[0][1:])
        names = {name for name, _, _ in boxes}
        if missing := [name.decode() for name in (b"moov", b"mdat") if name not in names]:
            raise ValidationError(f"It is no complete MP4 file: it lacks the box '{missing[0]}'")
        movie = next(box for box in boxes if box[0] == b"moov")
        inside = list(mp4_boxes(file, *movie[1:]))
        names = {name for name, _, _ in inside}
        if missing := [name.decode() for name in (b"mvhd", b"trak") if name not in names]:
            raise ValidationError(f"It is no complete MP4 file: its box 'moov' lacks '{missing[0]}'")
        tracks = [box for box in inside if box[0] == b"trak"][:MAX_TRACKS]
        if not any(_is_video(file, *track[1:]) for track in tracks):
            raise ValidationError("It is no MP4 video: it has no video track")


def _check_file_type(file: BinaryIO, start: int, end: int) -> None:
    """The brands: the major one, its version, and those that the file is compatible with."""
    file.seek(start)
    content = file.read(min(end - start, _MAX_FILE_TYPE_BYTES))
    brands = [content[:4], *(content[at : at + 4] for at in range(8, len(content) - 3, 4))]
    if not any(brand.startswith(_BRANDS) for brand in brands):
        raise ValidationError(f"It is no MP4 video: its file type is {brands[0].decode('latin-1')!r}")


def _is_video(file: BinaryIO, start: int, end: int) -> bool:
    """Whether a track's media have a handler for video."""
    for name, media_start, media_end in mp4_boxes(file, start, end):
        for inner, handler_start, _ in mp4_boxes(file, media_start, media_end) if name == b"mdia" else ():
            file.seek(handler_start + 8)  # version, flags and a field that is always 0 come before
            if inner == b"hdlr" and file.read(4) == b"vide":
                return True
    return False


def mp4_boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Type, start of the content and end of each box between two places."""
    count = 0
    while start < end:
        file.seek(start)
        head = file.read(16)
        length, header = int.from_bytes(head[:4], "big"), 8
        if length == 1:
            length, header = int.from_bytes(head[8:16], "big"), 16
        elif length == 0:
            length = end - start
        count += 1
        if len(head) < 8 or length < header or length > end - start or count > MAX_BOXES:
            raise ValidationError(f"It is no complete MP4 file: the box at byte {start} does not fit into it")
        yield head[4:8], start + header, start + length
        start += length
