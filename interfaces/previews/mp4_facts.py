"""What an MP4 file says about itself.

Format: ISO/IEC 14496-12, 8.2.2 (mvhd), 8.3.2 (tkhd), 8.4.3 (hdlr).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from interfaces.files.mp4 import mp4_boxes
from interfaces.images.bounds import bytes_text

_TRACKS = {b"vide": "video", b"soun": "sound", b"text": "text", b"sbtl": "subtitles"}
_MAX_TRACKS = 20
_HEADER_BYTES = 128


def mp4_facts(path: Path) -> list[list[str]]:
    """Name and value of each fact: duration, size of the picture, tracks, bytes.

    Raises:
        ValidationError: Its boxes don't fit into each other.
    """
    size = path.stat().st_size
    rows: list[list[str]] = []
    tracks: list[str] = []
    with path.open("rb") as file:
        for start, end in _inside(file, (0, size), b"moov"):
            for box in _inside(file, (start, end), b"mvhd"):
                rows += _duration(_read(file, box))
            for track in list(_inside(file, (start, end), b"trak"))[:_MAX_TRACKS]:
                rows += [fact for box in _inside(file, track, b"tkhd") for fact in _picture(_read(file, box))]
                for media in _inside(file, track, b"mdia"):
                    tracks += [_TRACKS.get(_read(file, box)[8:12], "other") for box in _inside(file, media, b"hdlr")]
    if tracks:
        rows.append(["tracks", ", ".join(tracks)])
    return [*rows, ["file", bytes_text(size)]]


def _inside(file: BinaryIO, place: tuple[int, int], wanted: bytes) -> Iterator[tuple[int, int]]:
    return ((start, end) for name, start, end in mp4_boxes(file, *place) if name == wanted)


def _read(file: BinaryIO, place: tuple[int, int]) -> bytes:
    file.seek(place[0])
    return file.read(min(place[1] - place[0], _HEADER_BYTES))


def _duration(header: bytes) -> list[list[str]]:
    if header[:1] == b"\1":
        scale, length = int.from_bytes(header[20:24], "big"), int.from_bytes(header[24:32], "big")
    else:
        scale, length = int.from_bytes(header[12:16], "big"), int.from_bytes(header[16:20], "big")
    return [["duration", f"{length / scale:.1f} s"]] if scale else []


def _picture(header: bytes) -> list[list[str]]:
    """Width and height of a track, kept with 16 bits behind the point; a track of sound has none."""
    end = 96 if header[:1] == b"\1" else 84
    if len(header) < end:
        return []
    width, height = (int.from_bytes(header[at : at + 2], "big") for at in (end - 8, end - 4))
    return [["picture", f"{width} x {height} pixels"]] if width and height else []
