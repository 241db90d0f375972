"""MP4 files: the boxes that they are made of.

Format: ISO/IEC 14496-12, 4.2 (boxes), 4.3 (ftyp), 8.2 (moov), 8.1 (mdat).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from interfaces.errors import ValidationError

MAX_BOXES = 1_000_000


def check_mp4(path: Path) -> None:
    """An MP4 file: boxes that fit into it, a file type first, a movie with a track, and media data.

    Raises:
        ValidationError: It is not; the text names the box or what is missing.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        boxes = list(mp4_boxes(file, 0, size))
        if not boxes or boxes[0][0] != b"ftyp":
            raise ValidationError("It is no MP4 file: it does not begin with a box 'ftyp'")
        names = {name for name, _, _ in boxes}
        if missing := [name.decode() for name in (b"moov", b"mdat") if name not in names]:
            raise ValidationError(f"It is no complete MP4 file: it lacks the box '{missing[0]}'")
        movie = next((start, end) for name, start, end in boxes if name == b"moov")
        inside = {name for name, _, _ in mp4_boxes(file, *movie)}
        if missing := [name.decode() for name in (b"mvhd", b"trak") if name not in inside]:
            raise ValidationError(f"It is no complete MP4 file: its box 'moov' lacks '{missing[0]}'")


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
