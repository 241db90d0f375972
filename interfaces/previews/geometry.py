"""Where voxels lie in the patient, and how a volume is turned so that its axes run as a radiologist looks at them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import Any, TypeAlias

import numpy as np

from interfaces.images.header import ImageHeader

Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Voxels: TypeAlias = np.ndarray[Any, np.dtype[Any]]

_LETTERS = (("L", "R"), ("P", "A"), ("S", "I"))
"""The sides of the patient that x, y and z (LPS) grow and shrink towards."""

_OBLIQUE = 0.3
"""Share of a second side from which on a direction is named after two."""


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """A grid of voxels in the patient (LPS) frame; a flat image is a volume of one slice.

    Attributes:
        origin_mm: Centre of the first voxel.
        steps_mm: 3 x 3; column n is the way from a voxel to its neighbour along axis n (x, y, z).
    """

    origin_mm: Floats
    steps_mm: Floats

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance of neighbouring voxels along x, y and z."""
        x, y, z = np.linalg.norm(self.steps_mm, axis=0).tolist()
        return x, y, z

    def points_mm(self, indices: Floats) -> Floats:
        """Points (n, 3) of indices (n, 3), both in the order x, y, z; fractions of voxels are allowed."""
        points: Floats = self.origin_mm + indices @ self.steps_mm.T
        return points

    def indices(self, points_mm: Floats) -> Floats:
        """The inverse of `points_mm`."""
        indices: Floats = (points_mm - self.origin_mm) @ np.linalg.inv(self.steps_mm).T
        return indices

    def thinned(self, strides: tuple[int, int, int]) -> Geometry:
        """The geometry of every n-th voxel along x, y and z."""
        return Geometry(origin_mm=self.origin_mm, steps_mm=self.steps_mm * np.array(strides))


def geometry_of(header: ImageHeader) -> Geometry:
    """The geometry of an image's first three axes."""
    axes = min(header.dimension, 3)
    steps, origin = np.eye(3), np.zeros(3)
    direction = np.array(header.direction).reshape(header.dimension, header.dimension)
    steps[:axes, :axes] = direction[:axes, :axes] * np.array(header.spacing_mm[:axes])
    origin[:axes] = header.origin_mm[:axes]
    if abs(np.linalg.det(steps)) < 1e-12 * np.prod(np.linalg.norm(steps, axis=0)):
        # A time axis that is mixed with those of space leaves no volume; the grid itself is shown then.
        steps = np.diag([*header.spacing_mm[:axes], *[1.0] * (3 - axes)])
    return Geometry(origin_mm=origin, steps_mm=steps)


def patient_axes(geometry: Geometry) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Which axis of the grid runs most along each axis of the patient, and whether it runs with it (1) or against (-1).

    Returns:
        Axes (0 to 2) for left, posterior and superior, and their signs.
    """
    cosines = geometry.steps_mm / np.linalg.norm(geometry.steps_mm, axis=0)
    x, y, z = max(
        permutations(range(3)), key=lambda axes: sum(abs(cosines[side, axis]) for side, axis in enumerate(axes))
    )
    left, posterior, superior = (1 if cosines[side, axis] >= 0 else -1 for side, axis in enumerate((x, y, z)))
    return (x, y, z), (left, posterior, superior)


def to_patient_axes(voxels: Voxels, geometry: Geometry) -> tuple[Voxels, Geometry]:
    """Turn and mirror a volume in steps of 90 degrees so that x runs to the left, y to the back, z to the head.

    Args:
        voxels: (z, y, x, components).
        geometry: Of the voxels.

    Returns:
        A view of the voxels, nothing copied, and its geometry. An oblique grid stays oblique.
    """
    axes, signs = patient_axes(geometry)
    # Axis n (x, y, z) of the grid is axis 2 - n of the array.
    turned = voxels.transpose([2 - axes[2], 2 - axes[1], 2 - axes[0], 3])
    steps, origin = geometry.steps_mm[:, axes].copy(), geometry.origin_mm
    for axis, sign in enumerate(signs):
        if sign < 0:
            turned = np.flip(turned, axis=2 - axis)
            origin = origin + steps[:, axis] * (turned.shape[2 - axis] - 1)
            steps[:, axis] *= -1
    return turned, Geometry(origin_mm=origin, steps_mm=steps)


def side_letters(direction: Floats) -> str:
    """The sides of the patient that a direction (LPS) goes to: ``L``, or ``LA`` where it is oblique."""
    length = float(np.linalg.norm(direction)) or 1.0
    cosines = direction / length
    order = sorted(range(3), key=lambda axis: -abs(cosines[axis]))
    return "".join(
        _LETTERS[axis][0 if cosines[axis] > 0 else 1]
        for place, axis in enumerate(order[:2])
        if place == 0 or abs(cosines[axis]) > _OBLIQUE
    )
