"""Previews of images: three planes in a sensible window."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from interfaces.images.bounds import size_text
from interfaces.images.displacement import VECTOR_LENGTH
from interfaces.overlays import LookUpTable
from interfaces.previews.colours import HEAT, Bytes, look_up
from interfaces.previews.drawing import GAP_PX, MARGIN_PX, Panel, compose
from interfaces.previews.geometry import Floats, Voxels
from interfaces.previews.limits import Deadline
from interfaces.previews.record import PNG, Preview
from interfaces.previews.texts import clean_text
from interfaces.previews.views import View, sampled, scaled, views_of
from interfaces.previews.volumes import Volume, read_volume, read_volumes
from interfaces.previews.windowing import to_grey, window_of

_BAR_PX, _NUMBER_PX = 14, 50
_COARSE = 64
_SOME = 10_000


@dataclass(frozen=True, kw_only=True)
class Backdrop:
    """An image that something is drawn over, or that is shown itself.

    Attributes:
        volume: Its voxels.
        window: Values that are black and white.
        name: What it is called in the picture, or "".
    """

    volume: Volume
    window: tuple[float, float]
    name: str = ""

    def panel(self, view: View) -> Bytes:
        """The plane in grey or in its own colours, as (height, width, 3) bytes."""
        plane = view.cut(self.volume.voxels)
        if is_coloured(plane):
            plane = plane[..., :3]
            if plane.dtype != np.uint8:
                plane = np.round(to_grey(plane.astype(np.float64), self.window) * 255).astype(np.uint8)
            return scaled(plane, view.size_px).astype(np.uint8)
        shares = to_grey(shown_values(plane), self.window).astype(np.float32)
        grey = np.round(scaled(shares[..., None], view.size_px) * 255).astype(np.uint8)
        return np.repeat(grey, 3, axis=-1)


def read_backdrop(path: Path, *, deadline: Deadline, name: str = "") -> Backdrop:
    """The first volume of an image and its window.

    Raises:
        ValidationError: As for `read_volume`.
    """
    return backdrop_of(read_volume(path, deadline=deadline), name=name)


def backdrop_of(volume: Volume, *, name: str = "") -> Backdrop:
    """A volume and its window."""
    voxels = volume.voxels if is_coloured(volume.voxels) else shown_values(volume.voxels)
    return Backdrop(volume=volume, window=window_of(voxels), name=clean_text(name, most=60))


def is_coloured(voxels: Voxels) -> bool:
    """Whether voxels (..., components) are red, green and blue, with or without an opacity."""
    return voxels.shape[-1] in {3, 4} and voxels.dtype.kind in "uif"


def shown_values(voxels: Voxels) -> Voxels:
    """One real number for each voxel: its first component, of a complex one the magnitude."""
    first = voxels[..., 0]
    return np.abs(first) if first.dtype.kind == "c" else first


def image_preview(path: Path, *, title: str, width_px: int, deadline: Deadline) -> Preview:
    """An image in three planes through the middle of what is bright in it.

    Raises:
        ValidationError: It can't be read, or not within the limits.
    """
    backdrop = read_backdrop(path, deadline=deadline)
    volume = backdrop.volume
    views = views_of(volume, bright_middle(volume), width_px=width_px - 2 * MARGIN_PX)
    panels = [panel_of(view, backdrop.panel(view), volume) for view in views]
    facts = [image_facts(volume), *window_facts(backdrop)]
    data = compose(panels, lines=[", ".join(facts)])
    return Preview(media_type=PNG, data=data, text=picture_text(title, "an image", volume))


def heat_map_preview(
    path: Path, *, title: str, table: LookUpTable | None, over: Backdrop | None, width_px: int, deadline: Deadline
) -> Preview:
    """A heat map in its look-up table through its highest value, over an image if one is given.

    Raises:
        ValidationError: It can't be read, or not within the limits.
    """
    volume = read_volume(path, deadline=deadline)
    return _coloured(volume, shown_values(volume.voxels), "a heat map", title, table, over, width_px)


def displacement_preview(
    path: Path, *, title: str, table: LookUpTable | None, over: Backdrop | None, width_px: int, deadline: Deadline
) -> Preview:
    """The length of the vectors of a displacement field, in colours.

    Raises:
        ValidationError: It can't be read, or not within the limits.
    """
    square: Floats | None = None
    for count, volume in enumerate(read_volumes(path, deadline=deadline)):
        part = volume.voxels[..., 0].astype(np.float64) ** 2
        square = part if square is None else square + part
        if count + 1 == VECTOR_LENGTH:
            break
    assert square is not None
    return _coloured(volume, np.sqrt(square), "a displacement field", title, table, over, width_px, is_field=True)


def _coloured(
    volume: Volume,
    values: Voxels,
    what: str,
    title: str,
    table: LookUpTable | None,
    over: Backdrop | None,
    width_px: int,
    is_field: bool = False,
) -> Preview:
    """Values (z, y, x) of a volume in a look-up table."""
    unit = " mm" if is_field else ""
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    window = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    colours = table or HEAT
    peak = _peak(values)
    base = over.volume if over else volume
    index = peak if over is None else base.geometry.indices(volume.geometry.points_mm(np.array([peak], float)))[0]
    views = views_of(base, index, width_px=width_px - 2 * MARGIN_PX - _BAR_PX - _NUMBER_PX - GAP_PX)
    panels = []
    for view in views:
        shown, inside = sampled(values[..., None], volume.geometry, view.pixel_points_mm())
        rgba = look_up(colours, shown[..., 0].astype(np.float64), window=window)
        alpha = rgba[..., 3:] / 255 * inside[..., None] if over else inside[..., None]
        behind = over.panel(view) if over else np.zeros((*shown.shape[:2], 3), np.uint8)
        panels.append(panel_of(view, blended(behind, rgba[..., :3], alpha), base))
    panels.append(_bar(colours, window, panels[0].pixels.shape[0], unit))
    facts = [
        image_facts(volume, is_field=is_field),
        f"{'lengths' if is_field else 'values'} {_number(window[0])} to {_number(window[1])}{unit}",
    ]
    if over and over.name:
        facts.append(f"over {over.name}")
    return Preview(
        media_type=PNG,
        data=compose(panels, lines=[", ".join(facts)]),
        text=picture_text(title, what, volume, is_field=is_field),
    )


def _bar(table: LookUpTable, window: tuple[float, float], height: int, unit: str) -> Panel:
    """The colours from the lowest value at the bottom to the highest at the top."""
    low, high = window if table.relative else (float(table.range_min), float(table.range_max))
    values = np.linspace(high, low, max(48, min(height, 320)))
    colours = look_up(table, values, window=window)[:, :3]
    pixels = np.zeros((len(colours), _BAR_PX + _NUMBER_PX, 3), np.uint8)
    pixels[:, :_BAR_PX] = colours[:, None]
    return Panel(pixels=pixels, title=f"{_number(high)}{unit}")


def blended(behind: Bytes, before: Bytes, alpha: Voxels) -> Bytes:
    """Colours before others; `alpha` (height, width, 1) goes from 0 to 1."""
    mixed: Bytes = np.round(behind * (1 - alpha) + before * alpha).astype(np.uint8)
    return mixed


def panel_of(view: View, pixels: Bytes, volume: Volume) -> Panel:
    """A drawn plane with its title and letters; a flat image has neither."""
    if volume.is_flat:
        return Panel(pixels=pixels, px_per_mm=view.px_per_mm if _has_spacing(volume) else None)
    axis = "xyz"[view.across]
    return Panel(
        pixels=pixels,
        title=f"{view.name}  {axis} = {view.position_mm:.1f} mm",
        letters=view.letters,
        px_per_mm=view.px_per_mm,
    )


def _has_spacing(volume: Volume) -> bool:
    """Whether a flat image says how large its pixels are; 1 mm is what is written where nobody knows."""
    return volume.header.spacing_mm[:2] != (1.0, 1.0)


def bright_middle(volume: Volume) -> Floats:
    """The voxel (x, y, z) in the middle of what is bright, or of the volume where nothing is."""
    middle = (np.array(volume.size) - 1) / 2
    if volume.is_flat or is_coloured(volume.voxels):
        return middle
    strides = [-(-length // _COARSE) for length in volume.size]
    coarse = shown_values(volume.voxels[:: strides[2], :: strides[1], :: strides[0]]).astype(np.float64)
    low, high = window_of(coarse)
    weight = to_grey(coarse, (low, high)) if high > low else np.zeros_like(coarse)
    weight[weight < 0.1] = 0
    if not weight.sum():
        return middle
    place = [
        float(weight.sum(axis=others) @ np.arange(weight.shape[axis]))
        for axis, others in ((2, (0, 1)), (1, (0, 2)), (0, (1, 2)))
    ]
    bright: Floats = np.array(place) / weight.sum() * strides
    return bright


def _peak(values: Voxels) -> Floats:
    """The voxel (x, y, z) with the highest value of an array (z, y, x); of several, the one in their middle."""
    numbers = np.nan_to_num(values, nan=-np.inf, posinf=-np.inf) if values.dtype.kind == "f" else values
    places = np.flatnonzero(numbers == numbers.max())
    places = places[:: max(1, len(places) // _SOME)]
    peaks = np.stack(np.unravel_index(places, values.shape)[::-1], axis=1).astype(np.float64)
    peak: Floats = peaks[np.linalg.norm(peaks - peaks.mean(axis=0), axis=1).argmin()]
    return peak


def image_facts(volume: Volume, *, is_field: bool = False) -> str:
    """``512 x 512 x 300 voxels of 0.7 x 0.7 x 1 mm``; of a displacement field, vectors."""
    header = volume.header
    what = "vectors" if is_field else "pixels" if volume.is_flat else "voxels"
    space = min(header.dimension, 3)
    spacing = " x ".join(f"{step:.3g}" for step in header.spacing_mm[:space])
    facts = f"{size_text(header.size[:space])} {what} of {spacing} mm"
    if header.dimension == 4 and not is_field:
        facts += f", {header.size[3]} volumes"
    if header.components > 1:
        facts += f", {header.components} components"
    return facts


def window_facts(backdrop: Backdrop) -> list[str]:
    """What black and white mean, and which volume or component is shown."""
    facts = []
    header = backdrop.volume.header
    if header.dimension == 4:
        facts.append("the first volume is shown")
    low, high = backdrop.window
    if is_coloured(backdrop.volume.voxels):
        return facts
    if header.components > 1:
        facts.append("the first component is shown")
    facts.append(f"window {_number(low)} to {_number(high)}" if high > low else f"all voxels are {_number(low)}")
    return facts


def _number(value: float) -> str:
    return f"{value:,.0f}" if 10_000 <= abs(value) < 1e9 else f"{value:.4g}"


def picture_text(title: str, what: str, volume: Volume, *, is_field: bool = False) -> str:
    """One sentence for those who don't see the picture."""
    return f"{clean_text(title, most=120)}: {what} of {image_facts(volume, is_field=is_field)}."
