"""The planes of a volume that a picture shows, and how their voxels, points and pixels lie on each other.

As in radiology the patient is seen from the feet and from the front: the right side is on the picture's left. In the
sagittal plane the front is on the left.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from interfaces.previews.geometry import Floats, Geometry, Voxels, side_letters
from interfaces.previews.volumes import Volume

GAP_PX = 12
MAX_HEIGHT_PX, MAX_FLAT_HEIGHT_PX = 480, 640
_LEAST_PX = 4
_BLOCKY = 6
"""Enlargement from which on voxels are shown as blocks, and not blurred."""

_X, _Y, _Z = 0, 1, 2
_PLANES = (("Axial", _X, _Y, _Z, False), ("Coronal", _X, _Z, _Y, True), ("Sagittal", _Y, _Z, _X, True))
"""Name, axis to the right, axis downwards, axis across, and whether the axis downwards is turned (head up)."""


@dataclass(frozen=True, kw_only=True)
class View:
    """One plane of a grid and the pixels that it is drawn on.

    Attributes:
        name: ``Axial``, ``Coronal``, ``Sagittal``, or "" for a flat image.
        geometry: Of the grid.
        columns: The grid's axis that goes to the right (x, y, z are 0, 1, 2).
        rows: The axis that goes downwards.
        across: The axis that the plane lies across.
        rows_turned: Whether `rows` goes upwards instead.
        position: Index of the plane along `across`.
        extent: Voxels to the right and downwards.
        size_px: Pixels likewise.
    """

    name: str
    geometry: Geometry
    columns: int
    rows: int
    across: int
    rows_turned: bool
    position: int
    extent: tuple[int, int]
    size_px: tuple[int, int]

    @property
    def px_per_mm(self) -> float:
        """Scale of the picture, along its columns."""
        return self.size_px[0] / (self.extent[0] * self.geometry.spacing_mm[self.columns])

    @property
    def position_mm(self) -> float:
        """Where the plane cuts the patient's axis across it, at its middle."""
        middle = np.zeros(3)
        middle[self.columns], middle[self.rows] = ((length - 1) / 2 for length in self.extent)
        middle[self.across] = self.position
        return float(self.geometry.points_mm(middle[None])[0, self.across])

    @property
    def letters(self) -> tuple[str, str, str, str]:
        """The patient's sides at the left, right, top and bottom."""
        right = self.geometry.steps_mm[:, self.columns]
        down = self.geometry.steps_mm[:, self.rows] * (-1 if self.rows_turned else 1)
        return side_letters(-right), side_letters(right), side_letters(-down), side_letters(down)

    def cut(self, voxels: Voxels) -> Voxels:
        """The plane's voxels as (rows, columns, components), as they lie in the picture."""
        plane = np.take(voxels, self.position, axis=2 - self.across)
        # Of the two axes left the slower one comes first; rows and columns are never in the other order.
        return np.flip(plane, axis=0) if self.rows_turned else plane

    def to_pixels(self, indices: Floats) -> Floats:
        """Where indices (n, 3) of the grid lie in the picture, as (n, 2) pixels to the right and downwards."""
        right = (indices[:, self.columns] + 0.5) / self.extent[0]
        down = (indices[:, self.rows] + 0.5) / self.extent[1]
        if self.rows_turned:
            down = 1 - down
        return np.stack([right * self.size_px[0], down * self.size_px[1]], axis=1)

    def pixel_points_mm(self) -> Floats:
        """The point of the patient at the middle of each pixel, as (height, width, 3)."""
        width, height = self.size_px
        right = (np.arange(width) + 0.5) / width * self.extent[0] - 0.5
        down = (np.arange(height) + 0.5) / height * self.extent[1] - 0.5
        indices = np.empty((height, width, 3))
        indices[..., self.columns] = right[None, :]
        indices[..., self.rows] = (down[::-1] if self.rows_turned else down)[:, None]
        indices[..., self.across] = self.position
        return self.geometry.points_mm(indices.reshape(-1, 3)).reshape(height, width, 3)


def views_of(volume: Volume, index: Floats, *, width_px: int) -> list[View]:
    """The planes of a volume through a voxel, at one scale, side by side at most `width_px` wide.

    Args:
        volume: What is shown. A flat image, or a volume of one slice, has one plane.
        index: The voxel (x, y, z); beyond the volume, the nearest one.
        width_px: Of the planes and the gaps between them.
    """
    size, spacing = volume.size, volume.geometry.spacing_mm
    planes = [("", _X, _Y, _Z, False)] if volume.is_flat else list(_PLANES)
    if not volume.is_flat:
        planes = [plane for plane in planes if size[plane[1]] > 1 and size[plane[2]] > 1] or planes
    most_height = MAX_HEIGHT_PX if len(planes) > 1 else MAX_FLAT_HEIGHT_PX
    length_mm = [count * step for count, step in zip(size, spacing, strict=True)]
    scale = min(
        (width_px - GAP_PX * (len(planes) - 1)) / sum(length_mm[plane[1]] for plane in planes),
        most_height / max(length_mm[plane[2]] for plane in planes),
    )
    views = []
    for name, columns, rows, across, turned in planes:
        width, height = (max(_LEAST_PX, round(length_mm[axis] * scale)) for axis in (columns, rows))
        views.append(
            View(
                name=name,
                geometry=volume.geometry,
                columns=columns,
                rows=rows,
                across=across,
                rows_turned=turned,
                position=_nearest(float(index[across]), size[across]),
                extent=(size[columns], size[rows]),
                size_px=(width, height),
            )
        )
    return views


def _nearest(index: float, length: int) -> int:
    """The voxel at an index, within the axis; halves go up, also where the last digits of a float say otherwise."""
    return min(max(math.floor(round(index, 6) + 0.5), 0), length - 1)


def scaled(plane: Voxels, size_px: tuple[int, int]) -> Voxels:
    """A plane (rows, columns, channels) of bytes or of floats at another size, smooth unless it is much enlarged."""
    height, width = plane.shape[:2]
    blocky = min(size_px[0] / width, size_px[1] / height) >= _BLOCKY
    how = Image.Resampling.NEAREST if blocky else Image.Resampling.BILINEAR
    channels = [
        np.asarray(Image.fromarray(np.ascontiguousarray(plane[..., channel])).resize(size_px, how))
        for channel in range(plane.shape[2])
    ]
    return np.stack(channels, axis=-1)


def sampled(
    voxels: Voxels, geometry: Geometry, points_mm: Floats
) -> tuple[Voxels, np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]:
    """The nearest voxel at each point of the patient.

    Args:
        voxels: (z, y, x, components).
        geometry: Of the voxels.
        points_mm: (height, width, 3).

    Returns:
        The voxels (height, width, components), and whether the point lies within the volume; elsewhere voxels are 0.
    """
    height, width = points_mm.shape[:2]
    nearest = np.floor(geometry.indices(points_mm.reshape(-1, 3)) + 0.5)
    size = np.array(voxels.shape[2::-1])
    inside = ((nearest >= 0) & (nearest < size)).all(axis=1)
    x, y, z = nearest[inside].astype(np.int64).T
    values = np.zeros((height * width, voxels.shape[3]), dtype=voxels.dtype)
    values[inside] = voxels[z, y, x]
    return values.reshape(height, width, -1), inside.reshape(height, width)
