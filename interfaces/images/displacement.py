"""Displacement fields: a 3-component vector for each voxel of a volume, along the 4th axis."""

from __future__ import annotations

from pathlib import Path

from interfaces.errors import ValidationError
from interfaces.images.header import read_header

VECTOR_LENGTH = 3


def check_displacement_field(path: Path) -> None:
    """Check a displacement field.

    Raises:
        ValidationError: It has another number of axes, colours, or vectors of another length.
    """
    header = read_header(path)
    if header.dimension != 4:
        raise ValidationError(f"A displacement field has 4 dimensions, not {header.dimension}")
    if header.components != 1:
        raise ValidationError(
            f"A displacement field has no colour components, but this has {header.components} a voxel"
        )
    if header.size[3] != VECTOR_LENGTH:
        raise ValidationError(f"A displacement field's 4th dimension is a vector of 3, not of {header.size[3]}")
