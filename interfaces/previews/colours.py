"""Colours: look-up tables as grand-challenge.org's viewer applies them, and a palette for segments.

The points of a look-up table are ``position red green blue`` and ``position alpha``, positions in the range of the
table and colours from 0 to 1: so are those of the tables that grand-challenge.org has (``[0 0 0 0, 40 1 .65 0.16]`` for
the range 0 to 40). The interpolations are those of MeVisLab's LUT modules: the hue goes red, yellow, green, cyan, blue,
magenta, red in the positive direction; a table that is relative is stretched over the values of the image.
"""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from interfaces.overlays import Interpolation, LookUpTable, OverlaySegment

Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Bytes: TypeAlias = np.ndarray[Any, np.dtype[np.uint8]]
Colour: TypeAlias = tuple[int, int, int]
HLS: TypeAlias = tuple[float, float, float]

_STEPS = 1024

_OKABE_ITO: tuple[Colour, ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
)
"""Colours that are told apart with any kind of colour vision (Okabe and Ito, Color Universal Design, 2008)."""

_SHADES = (0.0, 0.5, -0.45, 0.25, -0.25, 0.7, -0.65, 0.38, -0.38, 0.82)
"""How far each further turn of the palette goes towards white (above 0) or black; ten turns hold 64 segments."""

HEAT = LookUpTable(
    title="Heat",
    color="[0 0.05 0.03 0.2, 0.25 0.42 0.05 0.43, 0.5 0.8 0.25 0.3, 0.75 0.98 0.6 0.1, 1 0.99 0.98 0.7]",
    alpha="[0 0, 0.15 0, 0.35 0.55, 1 0.75]",
    range_max=1,
    relative=True,
)
"""For heat maps without a look-up table: from dark to bright without a break, low values clear over an image."""


def segment_colours(segments: Sequence[OverlaySegment], table: LookUpTable | None = None) -> dict[int, Colour]:
    """A colour for each segment's voxel value: its look-up table's, else one of the palette by the segment's place.

    The background 0 takes no colour, also where a segment names it.
    """
    named = [segment.voxel_value for segment in segments if segment.voxel_value != 0]
    if table is not None:
        values = np.array(named, dtype=np.float64)
        low, high = (min(named, default=0), max(named, default=1))
        colours = look_up(table, values, window=(min(low, 0), max(high, 1)))
        return {value: (int(r), int(g), int(b)) for value, (r, g, b, _) in zip(named, colours.tolist(), strict=True)}
    return {value: palette_colour(place) for place, value in enumerate(named)}


def palette_colour(place: int) -> Colour:
    """The colour at a place in the palette; from the 8th on the first seven come again, lighter and darker."""
    base = _OKABE_ITO[place % len(_OKABE_ITO)]
    shade = _SHADES[place // len(_OKABE_ITO) % len(_SHADES)]
    red, green, blue = (round(one + ((255 if shade > 0 else 0) - one) * abs(shade)) for one in base)
    return red, green, blue


def look_up(table: LookUpTable, values: Floats, *, window: tuple[float, float], invert: bool = False) -> Bytes:
    """Colours of values, as (..., 4) bytes: red, green, blue, alpha.

    Values beyond the first or last point take its colour; what is not a number is clear.

    Args:
        table: The look-up table, cleaned.
        values: Voxel values of any shape.
        window: The lowest and highest value shown, over which a relative table is stretched.
        invert: Whether the table's inverted points are used; it must have them.
    """
    colours, alphas = (
        _points(text) for text in ((table.color_invert, table.alpha_invert) if invert else (table.color, table.alpha))
    )
    if table.relative:
        span = (window[1] - window[0]) or 1.0
        positions = table.range_min + (values - window[0]) / span * (table.range_max - table.range_min)
    else:
        positions = values
    how = table.color_interpolation_invert if invert else table.color_interpolation
    finite = np.isfinite(positions)
    positions = np.where(finite, positions, colours[0, 0])
    rgb = _interpolated(colours[:, 0], colours[:, 1:4], positions, how)
    opacity = _interpolated(alphas[:, 0], alphas[:, -1:], positions, "Constant" if how == "Constant" else "RGB")
    rgba = np.concatenate([rgb, np.where(finite[..., None], opacity, 0)], axis=-1)
    colours_: Bytes = np.round(np.clip(rgba, 0, 1) * 255).astype(np.uint8)
    return colours_


def _points(text: str) -> Floats:
    """The points in the order of their positions, each one row; of two at one position the order stays."""
    rows = [[float(word) for word in point.split()] for point in text.strip().strip("[]").split(",")]
    points = np.array(rows, dtype=np.float64)
    return points[np.argsort(points[:, 0], kind="stable")]


def _interpolated(positions: Floats, colours: Floats, at: Floats, how: Interpolation) -> Floats:
    if how in {"HLS", "HLSpos", "HLSneg"}:
        positions, colours = _hue_steps(positions, colours, how)
    last = len(positions) - 1
    # From a position on, the last point there counts: two points at one position make a step.
    left = np.clip(np.searchsorted(positions, at, side="right") - 1, 0, last)
    if how == "Constant":
        return colours[left]
    right = np.minimum(left + 1, last)
    width = positions[right] - positions[left]
    share = np.clip((at - positions[left]) / np.where(width > 0, width, 1), 0, 1)[..., None]
    return colours[left] * (1 - share) + colours[right] * share


def _hue_steps(positions: Floats, colours: Floats, how: Interpolation) -> tuple[Floats, Floats]:
    """Many points between each two, on the way that the hue takes from one to the other."""
    between = np.linspace(0, 1, max(2, _STEPS // max(1, len(positions) - 1)), endpoint=False)
    at: list[float] = []
    rgb: list[tuple[float, ...]] = []
    for (start, first), (end, second) in zip(
        zip(positions[:-1], colours[:-1], strict=True), zip(positions[1:], colours[1:], strict=True), strict=True
    ):
        one, other = (colorsys.rgb_to_hls(*np.clip(colour, 0, 1).tolist()) for colour in (first, second))
        hue, turn = _hue_turn(one, other, how)
        for share in between:
            at.append(start + share * (end - start))
            lightness, saturation = (a + share * (b - a) for a, b in zip(one[1:], other[1:], strict=True))
            rgb.append(colorsys.hls_to_rgb((hue + share * turn) % 1, lightness, saturation))
    return np.array([*at, positions[-1]]), np.array([*rgb, tuple(colours[-1])])


def _hue_turn(one: HLS, other: HLS, how: Interpolation) -> tuple[float, float]:
    """The first hue and how far it turns, as shares of the circle; a grey end has no hue and takes the other's."""
    if one[2] == 0 or other[2] == 0:
        return (one if one[2] else other)[0], 0.0
    turn = (other[0] - one[0]) % 1
    if how == "HLSneg":
        return one[0], turn - 1 if turn else 0.0
    return one[0], turn - 1 if how == "HLS" and turn > 0.5 else turn
