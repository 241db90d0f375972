"""Gzipped NIfTI and NRRD files as plain ones, checksums checked, before ITK reads their voxels.

ITK neither looks at the checksum of a gzipped file nor refuses one that ends early, and the inflate of some of its
releases returns wrong voxels for a few intact files. So what is compressed is expanded here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from isal import igzip, igzip_lib

from interfaces.errors import ValidationError
from interfaces.images.formats import NIFTI, NRRD, image_format
from interfaces.images.nrrd import nrrd_as_raw

_BLOCK_BYTES = 2**20
_SPARE_BYTES = 2**20  # some writers pad the end

# The package's stubs call its exception class an exception.
_BROKEN: tuple[type[Exception], ...] = (igzip_lib.IsalError, OSError, EOFError)  # type: ignore[assignment]


@contextmanager
def expanded(path: Path, *, voxel_bytes: int) -> Iterator[Path]:
    """An uncompressed twin of a gzipped NIfTI or NRRD file in a temporary folder; any other image itself.

    Args:
        path: The image, its header checked.
        voxel_bytes: Bytes of voxels by its header; what is expanded can't be much more.

    Raises:
        ValidationError: The compressed data are broken, end early or expand to too much.
    """
    form = image_format(path)
    if form is NIFTI and path.name.lower().endswith(".gz"):
        with tempfile.TemporaryDirectory(prefix="component-flows-") as folder, path.open("rb") as source:
            twin = Path(folder, "image.nii")
            with twin.open("wb") as target:
                _expand(source, target, most=2 * voxel_bytes)
            yield twin
    elif form is NRRD and (raw := nrrd_as_raw(path)) is not None:
        header, offset = raw
        with tempfile.TemporaryDirectory(prefix="component-flows-") as folder, path.open("rb") as source:
            source.seek(offset)
            twin = Path(folder, "image.nrrd")
            with twin.open("wb") as target:
                target.write(header)
                _expand(source, target, most=voxel_bytes, least=voxel_bytes)
            yield twin
    else:
        yield path


def _expand(source: BinaryIO, target: BinaryIO, *, most: int, least: int = 0) -> None:
    """Expand all gzip members up to the end of a file."""
    written = 0
    try:
        with igzip.IGzipFile(fileobj=source, mode="rb") as stream:  # type: ignore[no-untyped-call]
            while block := stream.read(_BLOCK_BYTES):
                written += len(block)
                if written > most + _SPARE_BYTES:
                    raise ValidationError("The compressed image data hold more voxels than the header says")
                target.write(block)
    except _BROKEN as error:
        raise ValidationError(f"The compressed image data are broken or end early: {error}") from error
    if written < least:
        raise ValidationError(f"The compressed image data end early: {least - written} bytes of voxels are missing")
