"""The header of an NRRD file, read on its own, so that ITK only meets honest ones.

Format: https://teem.sourceforge.net/nrrd/format.html
"""

from __future__ import annotations

import math
import re
from pathlib import Path

from interfaces.errors import ValidationError
from interfaces.images.bounds import DEFLATE_MAX_RATIO, check_bytes, check_data

_MAX_HEADER_BYTES = 2**20
_MAX_DIMENSION = 5
_NAMES = {
    1: "signed char, int8, int8_t, uchar, unsigned char, uint8, uint8_t",
    2: "short, short int, signed short, signed short int, int16, int16_t, ushort, unsigned short, "
    "unsigned short int, uint16, uint16_t",
    4: "int, signed int, int32, int32_t, uint, unsigned int, uint32, uint32_t, float",
    8: "longlong, long long, long long int, signed long long, signed long long int, int64, int64_t, ulonglong, "
    "unsigned long long, unsigned long long int, uint64, uint64_t, double",
}
_BYTES = {name: count for count, names in _NAMES.items() for name in names.split(", ")}
_RATIO = {"raw": 1.0, "gzip": float(DEFLATE_MAX_RATIO), "gz": float(DEFLATE_MAX_RATIO)}
_ELSEWHERE = ("data file", "datafile")
_GEOMETRY = ("spacings", "space directions", "space origin")
_SKIPS = ("line skip", "lineskip", "byte skip", "byteskip")


def check_nrrd(path: Path, *, max_bytes: int) -> None:
    """Hold what the header of an NRRD file claims against the file; no voxel is read.

    Raises:
        ValidationError: It is no NRRD, has its voxels in another file, claims more voxels than it holds,
            or has a geometry that is none.
    """
    fields, header_bytes = _fields(path)
    if any(key in fields for key in _ELSEWHERE):
        raise ValidationError("The NRRD header names another file for its voxels; save it with the voxels attached")
    if any(fields.get(key, "0") != "0" for key in _SKIPS):
        raise ValidationError("The NRRD header skips data; save it without 'line skip' and 'byte skip'")
    sizes = [int(word) if re.fullmatch(r"\d{1,18}", word) else 0 for word in fields.get("sizes", "").split()]
    if fields.get("dimension") != str(len(sizes)) or not 1 <= len(sizes) <= _MAX_DIMENSION or 0 in sizes:
        raise ValidationError(f"The NRRD header claims dimension {fields.get('dimension')} and sizes {sizes}")
    voxel_type = fields.get("type", "").lower()
    if voxel_type not in _BYTES:
        raise ValidationError(f"The NRRD header claims voxels of type '{voxel_type[:40]}', which can't be read")
    encoding = fields.get("encoding", "").lower()
    if encoding not in _RATIO:
        raise ValidationError(f"The NRRD encoding '{encoding[:40]}' can't be read; use raw or gzip")
    _check_geometry(fields)
    needed = math.prod(sizes) * _BYTES[voxel_type]
    check_bytes(needed, max_bytes=max_bytes)
    check_data(needed=needed, present=path.stat().st_size - header_bytes, ratio=_RATIO[encoding])


def _check_geometry(fields: dict[str, str]) -> None:
    for key in _GEOMETRY:
        for word in re.findall(r"[^\s(),]+", fields.get(key, "")):
            if word == "none" or (key == "spacings" and word.lower() == "nan"):  # of an axis that is not in space
                continue
            try:
                number = float(word)
            except ValueError:
                number = math.nan
            if not math.isfinite(number) or (key == "spacings" and number <= 0):
                what = "a spacing is above 0" if math.isfinite(number) else "a finite number is needed"
                raise ValidationError(f"The NRRD header's {key} holds '{word[:40]}'; {what}")


def nrrd_as_raw(path: Path) -> tuple[bytes, int] | None:
    """The header of a gzipped NRRD as that of a raw one, and where its data begin; None where it is raw already."""
    fields, header_bytes = _fields(path)
    if fields["encoding"].lower() == "raw":
        return None
    with path.open("rb") as file:
        header = file.read(header_bytes)
    return re.sub(rb"(?im)^encoding: .*?(\r?)$", rb"encoding: raw\1", header, count=1), header_bytes


def _fields(path: Path) -> tuple[dict[str, str], int]:
    """The header's fields by name in lower case (key/value pairs left out), and its length in bytes."""
    fields: dict[str, str] = {}
    with path.open("rb") as file:
        if not re.fullmatch(rb"NRRD000[1-5]\r?\n", file.readline(16)):
            raise ValidationError("The file is no NRRD: it does not begin like one")
        while line := file.readline(_MAX_HEADER_BYTES):
            if file.tell() > _MAX_HEADER_BYTES:
                break
            text = line.decode("utf-8", errors="replace").rstrip("\r\n")
            if not text:
                return fields, file.tell()
            key, separator, value = text.partition(": ")
            if text.startswith("#") or ":=" in text or not separator:
                continue
            if key.lower() in fields:
                raise ValidationError(f"The NRRD header has {key[:40]} twice")
            fields[key.lower()] = value.strip()
    raise ValidationError("The file is no NRRD: its header does not end")
