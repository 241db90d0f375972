from __future__ import annotations

import struct

import pytest

from interfaces.errors import ValidationError
from interfaces.files.mp4 import check_mp4


def box(name: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I", 8 + len(content)) + name + content


def large(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 1) + name + struct.pack(">Q", 16 + len(content)) + content


FTYP = box(b"ftyp", b"isom\0\0\2\0isommp42")
HANDLER = box(b"hdlr", bytes(8) + b"vide" + bytes(13))
TRACK = box(b"trak", box(b"tkhd", bytes(84)) + box(b"mdia", box(b"mdhd", bytes(24)) + HANDLER))
SOUND = TRACK.replace(b"vide", b"soun")
MOOV = box(b"moov", box(b"mvhd", bytes(100)) + TRACK)
MDAT = box(b"mdat", bytes(500))


@pytest.mark.parametrize(
    "content",
    [
        FTYP + MOOV + MDAT,
        FTYP + box(b"free") + MDAT + MOOV,
        FTYP + MOOV + large(b"mdat", bytes(500)),
        FTYP + MOOV + struct.pack(">I", 0) + b"mdat" + bytes(500),
        FTYP + MOOV + box(b"moof", bytes(20)) + MDAT,
        FTYP + box(b"moov", box(b"mvhd") + SOUND + TRACK) + MDAT,
        box(b"ftyp", b"XAVC\0\0\0\0isomiso2") + MOOV + MDAT,
    ],
    ids=["movie first", "media first", "large box", "box to the end", "fragments", "with sound", "own brand"],
)
def test_an_mp4_file_passes(written, content):
    check_mp4(written(content))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "does not begin with a box 'ftyp'"),
        (MOOV + MDAT, "does not begin with a box 'ftyp'"),
        (FTYP + MDAT, "lacks the box 'moov'"),
        (FTYP + MOOV, "lacks the box 'mdat'"),
        (FTYP + box(b"moov", box(b"mvhd")) + MDAT, "its box 'moov' lacks 'trak'"),
        (FTYP + box(b"moov", b"junkjunkjunk") + MDAT, "the box at byte 32 does not fit"),
        (FTYP + MOOV + MDAT[:-1], "the box at byte .* does not fit into it"),
        (FTYP + MOOV + MDAT + b"\0\0\0", "does not fit"),
        (FTYP + struct.pack(">I", 4) + b"free" + MOOV + MDAT, "does not fit"),
        (FTYP + struct.pack(">I", 1) + b"mdat" + struct.pack(">Q", 2**63), "does not fit"),
        (b"RIFF" + bytes(100), "does not fit"),
        (FTYP + box(b"moov", box(b"mvhd") + SOUND) + MDAT, "it has no video track"),
        (FTYP + box(b"moov", box(b"mvhd") + box(b"trak")) + MDAT, "it has no video track"),
        (box(b"ftyp", b"qt  \0\0\2\0qt  ") + MOOV + MDAT, "its file type is 'qt  '"),
        (box(b"ftyp", b"heic\0\0\0\0mif1heic") + MOOV + MDAT, "its file type is 'heic'"),
        (box(b"ftyp") + MOOV + MDAT, "its file type is ''"),
    ],
)
def test_what_is_no_mp4_file_is_refused(written, content, why):
    with pytest.raises(ValidationError, match=why):
        check_mp4(written(content))
