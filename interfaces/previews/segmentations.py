"""Previews of segmentations: each visible segment in its colour, over an image if one is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from interfaces.overlays import LookUpTable, OverlaySegment
from interfaces.previews.colours import Bytes, Colour, segment_colours
from interfaces.previews.drawing import MARGIN_PX, Legend, compose
from interfaces.previews.geometry import Floats, Voxels
from interfaces.previews.images import Backdrop, blended, image_facts, panel_of, picture_text
from interfaces.previews.limits import Deadline
from interfaces.previews.record import PNG, Preview
from interfaces.previews.views import sampled, views_of
from interfaces.previews.volumes import Volume, read_volumes

FILL = 0.45
"""Opacity of a segment over an image; its border is opaque."""


@dataclass(frozen=True, kw_only=True)
class Labels:
    """A segmentation as one label for each voxel.

    Attributes:
        volume: The labels, as voxels of one component.
        index: The voxel (x, y, z) whose planes hold the most of the visible segments.
        present: The visible voxel values that were found.
    """

    volume: Volume
    index: Floats
    present: frozenset[int]


def segmentation_preview(
    path: Path,
    *,
    title: str,
    segments: Sequence[OverlaySegment],
    table: LookUpTable | None,
    over: Backdrop | None,
    width_px: int,
    deadline: Deadline,
) -> Preview:
    """The visible segments on the planes with most of them; without an image the background is transparent.

    Over an image the planes are the image's own, and each of their pixels takes the nearest voxel's segment.

    Raises:
        ValidationError: The segmentation can't be read, or not within the limits.
    """
    colours = segment_colours(segments, table)
    shown = {segment.voxel_value: colours[segment.voxel_value] for segment in segments if _is_shown(segment)}
    labels = read_labels(path, visible=shown, deadline=deadline)
    base = over.volume if over else labels.volume
    index = labels.index
    if over:
        index = base.geometry.indices(labels.volume.geometry.points_mm(index[None]))[0]
    panels = []
    for view in views_of(base, index, width_px=width_px - 2 * MARGIN_PX):
        values, _ = sampled(labels.volume.voxels, labels.volume.geometry, view.pixel_points_mm())
        rgb, alpha = painted(values[..., 0], shown, over=over is not None)
        pixels = (
            blended(over.panel(view), rgb, alpha)
            if over
            else np.concatenate([rgb, np.round(alpha * 255).astype(np.uint8)], axis=-1)
        )
        panels.append(panel_of(view, pixels, base))
    data = compose(
        panels,
        lines=[", ".join(_facts(labels, segments, over))],
        legend=Legend(
            entries=[
                (
                    segment.name + ("" if segment.voxel_value in labels.present else " (none)"),
                    shown[segment.voxel_value],
                )
                for segment in segments
                if _is_shown(segment)
            ]
        ),
        transparent=over is None,
    )
    return Preview(media_type=PNG, data=data, text=picture_text(title, "a segmentation", labels.volume))


def _is_shown(segment: OverlaySegment) -> bool:
    return segment.visible and segment.voxel_value != 0


def _facts(labels: Labels, segments: Sequence[OverlaySegment], over: Backdrop | None) -> list[str]:
    facts = [image_facts(labels.volume)]
    hidden = sum(1 for segment in segments if not segment.visible and segment.voxel_value != 0)
    if hidden:
        facts.append(f"{hidden} hidden segment{'s' if hidden > 1 else ''}")
    if not labels.present:
        facts.append("no visible segment has a voxel")
    if over and over.name:
        facts.append(f"over {over.name}")
    return facts


def read_labels(path: Path, *, visible: Sequence[int] | dict[int, Colour], deadline: Deadline) -> Labels:
    """A segmentation's labels; of a stack of masks (a 4D image of zeros and ones) volume n is segment n.

    Where masks overlap the later one is seen. Of other 4D images the first volume counts.

    Raises:
        ValidationError: As for `read_volumes`.
    """
    volumes = read_volumes(path, deadline=deadline)
    first = next(volumes)
    labels = first.voxels[..., :1]
    if first.header.dimension == 4 and labels.max() <= 1 and labels.min() >= 0:
        stack = labels.astype(np.uint16)
        for number, volume in enumerate(volumes, start=2):
            mask = volume.voxels[..., :1]
            if mask.max() > 1 or mask.min() < 0:
                break
            stack[mask == 1] = number
        else:
            labels = stack
    volume = replace(first, voxels=labels)
    index, present = _fullest(labels[..., 0], np.array(sorted(visible), dtype=np.int64))
    return Labels(volume=volume, index=index, present=present)


def _fullest(labels: Voxels, visible: np.ndarray[tuple[int], np.dtype[np.int64]]) -> tuple[Floats, frozenset[int]]:
    """For each axis the plane with the most visible voxels, and the visible values that there are."""
    depth, height, width = labels.shape
    along_z, along_y, along_x = (np.zeros(length, dtype=np.int64) for length in (depth, height, width))
    present: set[int] = set()
    for z in range(depth):  # slice by slice, so that no copy of the whole is made
        found = labels[z]
        if not found.any():
            continue
        inside = np.isin(found, visible)
        present.update(np.unique(found[inside]).tolist())
        along_z[z] = np.count_nonzero(inside)
        along_y += np.count_nonzero(inside, axis=1)
        along_x += np.count_nonzero(inside, axis=0)
    if not present:
        return np.array([(width - 1) / 2, (height - 1) / 2, (depth - 1) / 2]), frozenset()
    return np.array([along_x.argmax(), along_y.argmax(), along_z.argmax()], dtype=np.float64), frozenset(present)


def painted(labels: Voxels, colours: dict[int, Colour], *, over: bool) -> tuple[Bytes, Floats]:
    """Colours (height, width, 3) and opacities (height, width, 1) of labels (height, width).

    Args:
        labels: One for each pixel.
        colours: Of the labels that are shown; others are clear.
        over: Whether an image lies behind, which is to be seen through all but the borders.
    """
    rgb = np.zeros((*labels.shape, 3), dtype=np.uint8)
    alpha = np.zeros(labels.shape, dtype=np.float64)
    borders = _borders(labels)
    for value, colour in colours.items():
        inside = labels == value
        rgb[inside] = colour
        alpha[inside] = FILL if over else 1.0
        alpha[inside & borders] = 1.0
    return rgb, alpha[..., None]


def _borders(labels: Voxels) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Pixels with a neighbour of another label."""
    borders = np.zeros(labels.shape, dtype=bool)
    across, down = labels[:, 1:] != labels[:, :-1], labels[1:] != labels[:-1]
    borders[:, 1:] |= across
    borders[:, :-1] |= across
    borders[1:] |= down
    borders[:-1] |= down
    return borders
