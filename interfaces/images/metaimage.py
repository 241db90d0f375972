"""The MetaImage format (.mha, and .mhd with a raw file): a strict reading of the header.

ITK's own parser is never shown a header that was not accepted here: it ends the process on some (``NDims = 1000``),
opens whatever file ``ElementDataFile`` names, and returns memory it never filled where compressed data are broken.
Format: https://itk.org/Wiki/ITK/MetaIO/Documentation
"""

from __future__ import annotations

import math
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from interfaces.errors import ValidationError
from interfaces.images.bounds import (
    DEFLATE_MAX_RATIO,
    MAX_COMPONENTS,
    MAX_DIMENSION,
    MAX_VOXEL_BYTES,
    check_bytes,
    check_data,
    voxel_count,
)

ELEMENT_TYPES = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG": "i4",
    "MET_ULONG": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}
"""NumPy type of each element type; MetaIO's long has 4 bytes on every machine."""

_MAX_HEADER_BYTES = 2**20
_MAX_LINE_BYTES = 30_000  # MetaIO reads a value into 32 KiB
_MAX_KEY_BYTES = 500

_SPACINGS = ("ElementSpacing", "ElementSize")
_ORIGINS = ("Offset", "Position", "Origin")
_DIRECTIONS = ("TransformMatrix", "Rotation", "Orientation")
_BYTE_ORDERS = ("BinaryDataByteOrderMSB", "ElementByteOrderMSB")


@dataclass(frozen=True, kw_only=True)
class MetaImageLayout:
    """Where the voxels of a MetaImage lie, and in what form.

    Attributes:
        size: Voxels along x, y, z[, t].
        components: Values per voxel.
        dtype: Type and byte order of a value.
        data_file: The file that holds the voxels.
        offset: Where they begin in it, in bytes.
        compressed_bytes: Length of the compressed data, or None where they are not compressed.
    """

    size: tuple[int, ...]
    components: int
    dtype: np.dtype[Any]
    data_file: Path
    offset: int
    compressed_bytes: int | None

    @property
    def voxel_bytes(self) -> int:
        """Bytes of all voxels once they are decompressed."""
        return math.prod(self.size) * self.components * self.dtype.itemsize


def metaimage_layout(path: Path, *, max_bytes: int = MAX_VOXEL_BYTES) -> MetaImageLayout:
    """Read the header of a .mha or .mhd file and hold it against the data; no voxel is read.

    Raises:
        ValidationError: The header is not one, lies about the data, or names a file outside its own folder.
    """
    fields, header_bytes = _fields(path)
    if fields.get("ObjectType", "Image") != "Image":
        raise ValidationError(f"The MetaImage is a {fields['ObjectType'][:40]}, not an Image")
    dimension = _integer(fields, "NDims")
    if not 1 <= dimension <= MAX_DIMENSION:
        raise ValidationError(f"The header's NDims is {dimension}; it must be 2 to {MAX_DIMENSION}")
    size = tuple(_integer_of(word, "DimSize") for word in _words(fields, "DimSize", count=dimension))
    voxels = voxel_count(size)
    components = _integer(fields, "ElementNumberOfChannels", default=1)
    if not 1 <= components <= MAX_COMPONENTS:
        raise ValidationError(f"The header's ElementNumberOfChannels is {components}; it must be at least 1")
    dtype = _dtype(fields)
    _check_geometry(fields, dimension)
    needed = voxels * components * dtype.itemsize
    check_bytes(needed, max_bytes=max_bytes)

    data_file, offset = _data_file(path, fields["ElementDataFile"], header_bytes)
    present = data_file.stat().st_size - offset
    compressed_bytes = _compressed_bytes(fields, present)
    if compressed_bytes is None:
        check_data(needed=needed, present=present)
    else:
        check_data(needed=needed, present=compressed_bytes, ratio=DEFLATE_MAX_RATIO)
    return MetaImageLayout(
        size=size,
        components=components,
        dtype=dtype,
        data_file=data_file,
        offset=offset,
        compressed_bytes=compressed_bytes,
    )


def data_file_name(path: Path) -> str:
    """The name of the file beside it that a header gives its voxels; "" where it holds them, or names another place."""
    try:
        name = _fields(path)[0]["ElementDataFile"]
    except ValidationError:
        return ""
    return name if name.upper() != "LOCAL" and Path(name).name == name != ".." else ""


def _fields(path: Path) -> tuple[dict[str, str], int]:
    """The header's fields, and its length in bytes."""
    fields: dict[str, str] = {}
    with path.open("rb") as file:
        while "ElementDataFile" not in fields:
            line = file.readline(_MAX_LINE_BYTES)
            if not line:
                raise ValidationError("The file is no MetaImage: its header has no ElementDataFile")
            if file.tell() > _MAX_HEADER_BYTES or (len(line) == _MAX_LINE_BYTES and not line.endswith(b"\n")):
                raise ValidationError("The file is no MetaImage: its header does not end or has an endless line")
            if not line.strip():
                continue
            key, value = _field(line)
            if key in fields:
                raise ValidationError(f"The MetaImage header has {key} twice")
            fields[key] = value
        _check_synonyms(fields)
        return fields, file.tell()


def _field(line: bytes) -> tuple[str, str]:
    separators = [at for at in (line.find(b"="), line.find(b":")) if at > 0]
    key = line[: min(separators)].strip() if separators else b""
    if not key or len(key) > _MAX_KEY_BYTES or not key.isascii() or b"\0" in line:
        raise ValidationError("The file is no MetaImage: its header has a line that is not 'key = value'")
    return key.decode("ascii"), line[min(separators) + 1 :].strip().decode("utf-8", errors="replace")


def _check_synonyms(fields: dict[str, str]) -> None:
    """Refuse a header that says one thing under two names: readers differ in which one they take."""
    for names in (_ORIGINS, _DIRECTIONS, _BYTE_ORDERS):
        given = [name for name in names if name in fields]
        if len(given) > 1:
            raise ValidationError(f"The MetaImage header has both {given[0]} and {given[1]}")


def _words(fields: dict[str, str], key: str, *, count: int) -> list[str]:
    if key not in fields:
        raise ValidationError(f"The MetaImage header lacks {key}")
    words = fields[key].split()
    if len(words) != count:
        raise ValidationError(f"The MetaImage header's {key} has {len(words)} values where {count} are needed")
    return words


def _integer_of(word: str, key: str) -> int:
    digits = word.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
        raise ValidationError(f"The MetaImage header's {key} holds '{word[:40]}', which is no whole number")
    return int(word)


def _integer(fields: dict[str, str], key: str, *, default: int | None = None) -> int:
    if default is not None and key not in fields:
        return default
    return _integer_of(_words(fields, key, count=1)[0], key)


def _true(fields: dict[str, str], *keys: str, default: bool) -> bool:
    for key in keys:
        if key in fields:
            # MetaIO looks at the first letter only.
            return fields[key][:1] in {"T", "t", "1"}
    return default


def _dtype(fields: dict[str, str]) -> np.dtype[Any]:
    element_type = fields.get("ElementType", "")
    if element_type not in ELEMENT_TYPES:
        raise ValidationError(
            f"The MetaImage header's ElementType is '{element_type[:40]}'; known are {', '.join(ELEMENT_TYPES)}"
        )
    if not _true(fields, "BinaryData", default=False):
        raise ValidationError("The MetaImage holds its voxels as text; write them with BinaryData = True")
    order = ">" if _true(fields, *_BYTE_ORDERS, default=False) else "<"
    return np.dtype(order + ELEMENT_TYPES[element_type])


def _check_geometry(fields: dict[str, str], dimension: int) -> None:
    counts = dict.fromkeys((*_SPACINGS, *_ORIGINS), dimension) | dict.fromkeys(_DIRECTIONS, dimension**2)
    for key, count in counts.items():
        if key not in fields:
            continue
        for word in _words(fields, key, count=count):
            try:
                number = float(word)
            except ValueError:
                number = math.nan
            if not math.isfinite(number):
                raise ValidationError(f"The MetaImage header's {key} holds '{word[:40]}', which is no number")
            if key in _SPACINGS and number <= 0:
                raise ValidationError(f"The MetaImage header's {key} holds {word[:40]}; a spacing is above 0")


def _data_file(path: Path, name: str, header_bytes: int) -> tuple[Path, int]:
    """The file with the voxels and where they begin: this one, or a plain file beside an .mhd."""
    if name in {"LOCAL", "Local", "local"}:
        return path, header_bytes
    if path.suffix.lower() != ".mhd":
        raise ValidationError("An .mha file must hold its own voxels: ElementDataFile must be LOCAL")
    # A percent sign makes MetaIO treat the name as a pattern for many files, LIST as a list of them.
    wrong = not name or name.upper().startswith("LIST") or set(name) & set("/\\%\0") or name in {".", ".."}
    data_file = path.parent / name
    if wrong or not data_file.name == name:
        raise ValidationError(f"ElementDataFile must name one plain file in the same folder, not '{name[:80]}'")
    try:
        mode = data_file.lstat().st_mode
    except OSError as error:
        raise ValidationError(f"The file '{name[:80]}' that ElementDataFile names is not in the folder") from error
    if not stat.S_ISREG(mode):
        raise ValidationError(f"The file '{name[:80]}' that ElementDataFile names is not a plain file")
    return data_file, 0


def _compressed_bytes(fields: dict[str, str], present: int) -> int | None:
    if _integer(fields, "HeaderSize", default=0) != 0:
        raise ValidationError("The MetaImage header has a HeaderSize; only data that begin at once can be read")
    if not _true(fields, "CompressedData", default=False):
        return None
    length = _integer(fields, "CompressedDataSize", default=0)
    if length < 1:
        raise ValidationError("The MetaImage header lacks CompressedDataSize, without which ITK can't read its data")
    if length > present:
        raise ValidationError(
            f"The header claims {length} bytes of compressed data, but the file has {max(present, 0)} bytes for them"
        )
    return length
