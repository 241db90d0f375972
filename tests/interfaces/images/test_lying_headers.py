"""A header that claims too much is refused before memory is taken: shown in a process that has none to spare."""

from __future__ import annotations

import json
import re
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.data import get_testdata_file

SPARE_BYTES = 256 * 2**20

TRY = f"""
import json, resource, sys
from pathlib import Path
import numpy as np, SimpleITK as sitk
from interfaces.errors import ValidationError
from interfaces.images.checks import check_image
from interfaces.images.importing import import_image
from interfaces.kinds import InterfaceKindChoices as Kind

folder, honest = map(Path, sys.argv[1:])
into = folder / "into"
into.mkdir()
def check(path):
    image = import_image(path, into)
    check_image(image.path, kind=Kind.SEGMENTATION, voxel_values=[1], voxels=image.voxels)
for path in sorted(honest.iterdir()):  # what readers set up once is set up now
    check(path)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + {SPARE_BYTES},) * 2)
answers = {{}}
for path in sorted(path for path in folder.iterdir() if path.is_file()):
    try:
        check(path)
        answers[path.name] = "passed"
    except ValidationError as error:
        answers[path.name] = str(error)
print(json.dumps(answers))
"""


def mha(path: Path, size: str, data: bytes, compressed: bool = False) -> None:
    head = f"ObjectType = Image\nNDims = 3\nBinaryData = True\nCompressedData = {compressed}\n"
    head += f"CompressedDataSize = {len(data)}\n" if compressed else ""
    path.write_bytes(f"{head}DimSize = {size}\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n".encode() + data)


def zeros(count: int) -> bytes:
    deflate = zlib.compressobj(1)
    return b"".join([*(deflate.compress(bytes(2**24)) for _ in range(count // 2**24)), deflate.flush()])


def edited(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, 1))


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


@pytest.fixture
def honest(tmp_path: Path) -> Path:
    """One small image of each format."""
    folder = tmp_path / "honest"
    folder.mkdir()
    for name in ("a.mha", "a.nii", "a.nii.gz", "a.nrrd"):
        sitk.WriteImage(sitk.GetImageFromArray(np.zeros((4, 5, 6), np.uint8)), folder / name)
    for name in ("a.tif", "a.png", "a.jpg"):
        sitk.WriteImage(sitk.GetImageFromArray(np.zeros((5, 6), np.uint8)), folder / name)
    return folder


@pytest.fixture
def lying(tmp_path: Path, honest: Path) -> dict[str, str]:
    """Files in a folder, and what is said of each."""
    folder = tmp_path / "lying"
    folder.mkdir()
    said = {}

    def lie(name: str, why: str, like: str = "") -> Path:
        said[name] = why
        path = folder / name
        path.write_bytes((honest / like).read_bytes() if like else b"")
        return path

    claims, ratio = r"The header claims .* of voxels", "more than they can expand to"
    large = zeros(320 * 2**20)
    mha(lie("raw.mha", claims), "4000 4000 3000", bytes(1000))
    mha(lie("absurd.mha", claims), "999999999999 999999999999 999999999999", bytes(1000))
    mha(lie("packed.mha", ratio), "2000 2000 1000", zlib.compress(bytes(1000)), compressed=True)
    mha(lie("short.mha", "end early"), "1024 1024 320", large[: len(large) // 2], compressed=True)
    mha(lie("honest but large.mha", "passed"), "1024 1024 320", large, compressed=True)
    edited(lie("a.nii", claims, "a.nii"), struct.pack("<3h", 6, 5, 4), struct.pack("<3h", 4000, 4000, 3000))
    edited(lie("a.nrrd", claims, "a.nrrd"), b"sizes: 6 5 4", b"sizes: 4000 4000 3000")
    png = lie("a.png", ratio)
    size = struct.pack(">2I5B", 13_000, 13_000, 8, 0, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(bytes(1000)))
    png.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + pixels + chunk(b"IEND", b""))
    jpeg = lie("a.jpg", "claims 60000 x 60000 pixels|exceeds limit", "a.jpg")
    size_of = re.compile(rb"(?<=\xff[\xc0-\xc2]..\x08)\0\x05\0\x06", flags=re.DOTALL)
    jpeg.write_bytes(size_of.sub(b"\xea\x60\xea\x60", jpeg.read_bytes()))
    for compression in (1, 8, 7):
        why = "a strip or tile has fewer" if compression == 1 else ratio
        entries = [(256, 2**18), (257, 2**18), (258, 8), (259, compression), (262, 1), (273, 8), (277, 1)]
        entries += [(278, 2**18), (279, 1000)]
        page = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", tag, 4, 1, n) for tag, n in entries)
        tiff = struct.pack("<2sHI", b"II", 42, 1008) + bytes(1000) + page + bytes(4)
        lie(f"{compression}.tif", why).write_bytes(tiff)
    for name, why in (("CT_small.dcm", claims), ("MR_small_RLE.dcm", ratio), ("JPEG2000.dcm", ratio)):
        dataset = pydicom.dcmread(get_testdata_file(name, download=False))
        dataset.Rows = dataset.Columns = 40_000
        dataset.save_as(lie(name, why))
    return said


def test_a_lying_header_is_refused_before_memory_is_taken(tmp_path, honest, lying):
    command = [sys.executable, "-c", TRY, str(tmp_path / "lying"), str(honest)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    assert answers.keys() == lying.keys()
    for name, why in lying.items():
        assert re.search(why, answers[name]), f"{name}: {answers[name]}"
    assert done.stderr == ""
