"""Small images of every format, and ways to break them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

WriteImage = Callable[..., Path]

SPACING = (0.7, 0.8, 2.5, 1.5)
ORIGIN = (-12.25, 7.5, 100.125, 3.0)


@pytest.fixture
def write_image(tmp_path: Path) -> WriteImage:
    """Writes an array (t, z, y, x) with a geometry of its own as an image file."""

    def write(
        name: str,
        array: np.ndarray | None = None,
        *,
        compress: bool = False,
        vector: bool = False,
        direction: Sequence[float] | None = None,
    ) -> Path:
        values = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6) if array is None else array
        image = sitk.GetImageFromArray(values, isVector=vector)
        dimension = image.GetDimension()
        image.SetSpacing(SPACING[:dimension])
        image.SetOrigin(ORIGIN[:dimension])
        if direction is not None:
            image.SetDirection(direction)
        path = tmp_path / name
        sitk.WriteImage(image, str(path), useCompression=compress)
        return path

    return write


@pytest.fixture
def with_header_line(write_image: WriteImage) -> Callable[..., Path]:
    """An MHA file of which one header line is replaced (None: removed; an unknown key: put in)."""

    def change(key: str, value: str | None, *, compress: bool = False) -> Path:
        path = write_image("image.mha", compress=compress)
        line = b"" if value is None else f"{key} = {value}\n".encode()
        data, count = re.subn(rb"(?m)^" + key.encode() + rb" = .*\n", lambda _: line, path.read_bytes(), count=1)
        path.write_bytes(data if count else data.replace(b"ElementType", line + b"ElementType", 1))
        return path

    return change
