"""An image's header, read without its voxels and not believed."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

import SimpleITK as sitk

from interfaces.errors import ValidationError

MAX_VOXEL_BYTES = 64 * 2**30
"""Most bytes that an image may have unpacked."""

MAX_RATIO = 2_000
"""Most bytes of voxels per byte of file; gzip reaches about 1,030 at best, and headers make up for small files."""

_ELEMENT_DATA = re.compile(rb"^\s*ElementDataFile\s*=\s*(.*?)\s*$", re.MULTILINE)
_NRRD_DATA = re.compile(rb"^\s*data ?file\s*:", re.MULTILINE | re.IGNORECASE)
_HEADER_BYTES = 2**16


@dataclass(frozen=True, kw_only=True)
class ImageHeader:
    """What an image's file says of it, in SimpleITK's order: x, y, z and, where there is one, t.

    Attributes:
        size: Voxels along each axis.
        spacing_mm: Distance of voxel centres along each axis.
        origin_mm: Position of the first voxel in the patient (LPS) frame.
        direction: Row-major matrix of the axes' directions.
        components: Numbers per voxel.
        pixel_type: SimpleITK's pixel id.
        voxel_bytes: Bytes of all voxels.
    """

    size: tuple[int, ...]
    spacing_mm: tuple[float, ...]
    origin_mm: tuple[float, ...]
    direction: tuple[float, ...]
    components: int
    pixel_type: int
    voxel_bytes: int

    @property
    def dimension(self) -> int:
        """The number of axes."""
        return len(self.size)


def read_header(path: Path) -> ImageHeader:
    """Read a header.

    Raises:
        ValidationError: The file is no image, names other files, or claims more voxels than it can hold.
    """
    _refuse_other_files(path)
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise ValidationError(f"{path.name} is not an image that can be read") from error
    size = tuple(reader.GetSize())
    components = reader.GetNumberOfComponents()
    voxel_bytes = math.prod(size) * components * _bytes_of(reader.GetPixelID())
    header = ImageHeader(
        size=size,
        spacing_mm=tuple(reader.GetSpacing()),
        origin_mm=tuple(reader.GetOrigin()),
        direction=tuple(reader.GetDirection()),
        components=components,
        pixel_type=reader.GetPixelID(),
        voxel_bytes=voxel_bytes,
    )
    _refuse_lies(path, header)
    return header


def _bytes_of(pixel_type: int) -> int:
    try:
        probe = sitk.Image([1, 1], pixel_type, 1)
    except RuntimeError:  # a type of several numbers a voxel wants to know how many; its default will do
        probe = sitk.Image([1, 1], pixel_type)
    return probe.GetSizeOfPixelComponent()


def _refuse_lies(path: Path, header: ImageHeader) -> None:
    if min(header.size, default=0) <= 0:
        raise ValidationError(f"{path.name} has the size {header.size}; every axis needs at least one voxel")
    if header.voxel_bytes > MAX_VOXEL_BYTES:
        raise ValidationError(
            f"{path.name} claims {header.voxel_bytes} bytes of voxels; at most {MAX_VOXEL_BYTES} are read"
        )
    on_disk = sum(one.stat().st_size for one in {path, data_file(path) or path})
    if header.voxel_bytes > max(on_disk, 4096) * MAX_RATIO:
        raise ValidationError(
            f"{path.name} claims {header.voxel_bytes} bytes of voxels, but has {on_disk} bytes; its header is wrong"
        )


def data_file(path: Path) -> Path | None:
    """The file with the voxels of an ``.mhd`` header; None for any other image."""
    if path.suffix.lower() != ".mhd":
        return None
    with path.open("rb") as file:
        found = _ELEMENT_DATA.search(file.read(_HEADER_BYTES))
    return path.parent / found.group(1).decode("utf-8", errors="replace") if found else None


def _refuse_other_files(path: Path) -> None:
    suffix = path.suffix.lower()
    with path.open("rb") as file:
        head = file.read(_HEADER_BYTES)
    if suffix == ".nrrd" and _NRRD_DATA.search(head.split(b"\n\n", 1)[0]):
        raise ValidationError(f"{path.name} names another file for its voxels; write them into the same file")
    names = _ELEMENT_DATA.findall(head) if suffix in (".mha", ".mhd") else []
    for raw in names:
        name = raw.decode("utf-8", errors="replace")
        if suffix == ".mha" and name.upper() != "LOCAL":
            raise ValidationError(f"{path.name} names another file for its voxels; an .mha file holds them itself")
        if suffix == ".mhd" and name.upper() != "LOCAL":
            inside = path.parent / name
            if "/" in name or "\\" in name or "%" in name or name.upper().startswith("LIST") or inside.is_symlink():
                raise ValidationError(f"{path.name} names '{name[:100]}' for its voxels; that must be a file beside it")
            if not inside.is_file():
                raise ValidationError(f"{path.name} names '{name[:100]}' for its voxels, which is not there")


def read_voxels(path: Path) -> sitk.Image:
    """Read an image, header checked first.

    Raises:
        ValidationError: It can't be read.
    """
    read_header(path)
    try:
        return sitk.ReadImage(str(path))
    except (RuntimeError, MemoryError) as error:
        raise ValidationError(f"{path.name} is cut off or damaged: its voxels can't be read") from error
