"""Displacement fields: a 3-component vector for each voxel of a volume, along the 4th axis."""

from __future__ import annotations

from interfaces.errors import ValidationError
from interfaces.images.bounds import size_text
from interfaces.images.header import ImageHeader

VECTOR_LENGTH = 3
"""Components of a displacement: along x, y and z."""

_HOW = "write it as 4 dimensions with one component, of which the 4th has the length 3"


def check_displacement_field(header: ImageHeader) -> None:
    """Check the form of a displacement field by its header: size (x, y, z, 3), one component.

    Raises:
        ValidationError: It has another number of axes, colour components, or vectors of another length.
    """
    if header.components != 1:
        raise ValidationError(
            f"A displacement field has no colour components, but this has {header.components} per voxel; {_HOW}"
        )
    if header.dimension != 4:
        raise ValidationError(f"A displacement field has 4 dimensions, not {header.dimension}; {_HOW}")
    if header.size[3] != VECTOR_LENGTH:
        raise ValidationError(
            f"A displacement field's 4th dimension is a 3-component vector, but the size is {size_text(header.size)}"
        )
