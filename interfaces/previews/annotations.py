"""Previews of annotations: shapes drawn over their image, or on an empty canvas with a scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from interfaces.errors import ValidationError
from interfaces.images.header import ImageHeader
from interfaces.kinds import InterfaceKindChoices
from interfaces.previews.colours import Bytes, Colour, palette_colour
from interfaces.previews.drawing import MARGIN_PX, PAPER, Panel, compose, write
from interfaces.previews.geometry import Floats, Geometry
from interfaces.previews.images import Backdrop, image_facts, panel_of
from interfaces.previews.limits import Deadline
from interfaces.previews.record import PNG, Preview
from interfaces.previews.shapes import Shape, count_shapes, shapes_of
from interfaces.previews.texts import clean_text, count_text
from interfaces.previews.views import View, views_of
from interfaces.previews.volumes import Volume

MAX_LABELS = 12
"""Most labels on one plane."""

_FINER = 3
_LINE_PX, _MARK_PX = 2.0, 5.0
_FAR = 0.4
"""Opacity of what lies in other slices than the one that is shown."""

_SLICES = 1.0
"""Distance, in slices, up to which a shape lies in the plane."""

_CANVAS_SIDE = 256
_LIMIT_PX = 100_000.0


def annotation_preview(
    kind: InterfaceKindChoices,
    value: Mapping[str, Any],
    *,
    title: str,
    over: Backdrop | None,
    width_px: int,
    deadline: Deadline,
) -> Preview:
    """Shapes over an image, on the planes next to the most probable of them (else the first).

    Shapes of other slices are drawn faintly. Without an image there is one plane, which holds all of them.

    Args:
        kind: An annotation kind.
        value: A valid value of it.
        title: What it is called.
        over: The image, or None.
        width_px: Of the picture.
        deadline: When drawing is given up.

    Raises:
        ValidationError: Nothing in it can be drawn.
    """
    shapes = shapes_of(kind, value)
    if not shapes:
        raise ValidationError("it has no point that can be drawn")
    count = count_shapes(kind, value)
    volume = over.volume if over else _canvas(shapes)
    chief = max(shapes, key=lambda shape: -1 if shape.probability is None else shape.probability)
    middle = volume.geometry.indices(chief.points).mean(axis=0)
    views = views_of(volume, middle, width_px=width_px - 2 * MARGIN_PX)
    if over is None:
        views = [_facing(views, shapes)]
    panels = []
    for view in views:
        behind = over.panel(view) if over else np.full((view.size_px[1], view.size_px[0], 3), PAPER, np.uint8)
        panel = panel_of(view, _drawn(behind, shapes, view, deadline, is_canvas=over is None), volume)
        panels.append(panel if over else _as_canvas(panel, view))
    facts = [count_text(count, "annotation") + (f", {len(shapes):,} drawn" if len(shapes) < count else "")]
    if over:
        facts.append(f"over {over.name or image_facts(volume)}")
        if not _is_inside(middle, volume):
            facts.append("the annotation lies outside of the image")
    text = f"{clean_text(title, most=120)}: {kind.label}, {', '.join(facts)}."
    return Preview(media_type=PNG, data=compose(panels, lines=[", ".join(facts)]), text=text)


def _drawn(behind: Bytes, shapes: Sequence[Shape], view: View, deadline: Deadline, *, is_canvas: bool) -> Bytes:
    """The shapes over a plane (height, width, 3); those of other slices faintly, the others with their labels."""
    height, width = behind.shape[:2]
    picture = Image.fromarray(behind).convert("RGBA")
    # Drawn finer and made smaller, since Pillow draws lines with steps.
    layer = Image.new("RGBA", (width * _FINER, height * _FINER), (0, 0, 0, 0))
    draw = ImageDraw.Draw(layer)
    near: list[tuple[Shape, Floats, Colour]] = []
    for place, shape in enumerate(shapes):
        colour = palette_colour(place % 7)
        deadline.check()
        is_near = is_canvas or _is_near(shape, view)
        alpha = 255 if is_near else round(255 * _FAR)
        paths = [np.clip(_pixels(path, view), -_LIMIT_PX, _LIMIT_PX) for path in shape.paths]
        for path in paths:
            _draw_path(draw, path, (*colour, alpha), is_closed=shape.is_closed)
        points = np.concatenate(paths)
        if is_near and shape.label and _is_seen(points, (width, height)) and (is_canvas or _faces(shape, view)):
            near.append((shape, points, colour))
    picture.alpha_composite(layer.resize((width, height), Image.Resampling.BOX))
    _write_labels(ImageDraw.Draw(picture), near, (width, height))
    return np.asarray(picture.convert("RGB"))


def _pixels(path: Floats, view: View) -> Floats:
    return view.to_pixels(view.geometry.indices(path))


def _is_near(shape: Shape, view: View) -> bool:
    if not view.name:
        return True  # a flat image has no other slices
    across = view.geometry.indices(shape.points)[:, view.across] - view.position
    return bool(across.min() <= _SLICES and across.max() >= -_SLICES)


def _is_seen(points: Floats, size: tuple[int, int]) -> bool:
    """Whether some point (pixels) lies in the picture."""
    return bool(((points >= 0) & (points <= size)).all(axis=1).any())


def _faces(shape: Shape, view: View) -> bool:
    """Whether this plane is the one that shows the most of a shape, so that its label need not be read three times."""
    spread = np.ptp(view.geometry.indices(shape.points) * view.geometry.spacing_mm, axis=0).round(3)
    return not view.name or view.across == 2 - int(np.argmin(spread[::-1]))


def _is_inside(index: Floats, volume: Volume) -> bool:
    axes = 2 if volume.is_flat else 3
    return bool(((index >= -0.5) & (index <= np.array(volume.size) - 0.5))[:axes].all())


def _draw_path(draw: ImageDraw.ImageDraw, path: Floats, colour: tuple[int, int, int, int], *, is_closed: bool) -> None:
    points = [(float(x), float(y)) for x, y in path * _FINER]
    # Seen from the side, or of one point, a path has no length: a mark shows where it is.
    if np.ptp(path, axis=0).max() < 1.5:
        x, y = points[0]
        reach, hole = _MARK_PX * _FINER, 1.5 * _FINER
        wide = round(_LINE_PX * _FINER)
        draw.ellipse((x - reach, y - reach, x + reach, y + reach), outline=colour, width=wide)
        draw.ellipse((x - hole, y - hole, x + hole, y + hole), fill=colour)
        return
    draw.line([*points, points[0]] if is_closed else points, fill=colour, width=round(_LINE_PX * _FINER), joint="curve")


def _write_labels(
    draw: ImageDraw.ImageDraw, near: Sequence[tuple[Shape, Floats, Colour]], size: tuple[int, int]
) -> None:
    """Labels above their shapes, or below them, each where none is yet."""
    taken: list[tuple[float, float, float, float]] = []
    for shape, points, colour in sorted(near, key=lambda one: -(one[0].probability or 0))[:MAX_LABELS]:
        x, y = float(points[:, 0].mean()), float(points[:, 1].min()) - 12
        left, top, right, bottom = draw.textbbox((0, 0), shape.label, anchor="mm", font_size=13)
        half, tall = (right - left) / 2 + 3, (bottom - top) / 2 + 3
        x = min(max(x, half), max(size[0] - half, half))
        for place in (y, float(points[:, 1].max()) + 12):
            middle = min(max(place, tall + 4), size[1] - tall)
            box = (x - half, middle - tall, x + half, middle + tall)
            if not any(a < box[2] and box[0] < c and b < box[3] and box[1] < d for a, b, c, d in taken):
                taken.append(box)
                write(draw, (x, middle), shape.label, anchor="mm", colour=colour)
                break


def _canvas(shapes: Sequence[Shape]) -> Volume:
    """An empty volume around all shapes, with a margin; its axes are the patient's."""
    points = np.concatenate([shape.points for shape in shapes])
    low, high = points.min(axis=0), points.max(axis=0)
    side = max(float((high - low).max()), 1.0) * 1.4
    step = side / _CANVAS_SIDE
    length = np.maximum((high - low) + 0.4 * side, 0.6 * side)
    size = np.maximum(np.ceil(length / step), 2).astype(int)
    origin = (low + high) / 2 - (size - 1) / 2 * step
    header = ImageHeader(
        size=tuple(size.tolist()),
        spacing_mm=(step,) * 3,
        origin_mm=tuple(origin.tolist()),
        direction=tuple(np.eye(3).reshape(-1).tolist()),
        components=1,
        pixel_type="8-bit unsigned integer",
        dimension=3,
        voxel_bytes=0,
    )
    voxels = np.broadcast_to(np.uint8(0), (*reversed(size.tolist()), 1))
    return Volume(
        voxels=voxels, geometry=Geometry(origin_mm=origin, steps_mm=np.eye(3) * step), header=header, is_flat=False
    )


def _facing(views: Sequence[View], shapes: Sequence[Shape]) -> View:
    """The plane across which the shapes are flattest, with all of them in it; the axial one where none is flatter."""
    points = np.concatenate([shape.points for shape in shapes])
    spread = np.ptp(points, axis=0)
    return min(views, key=lambda view: (round(float(spread[view.across]), 6), view.name != "Axial", view.name))


def _as_canvas(panel: Panel, view: View) -> Panel:
    """A frame around an empty plane."""
    pixels = panel.pixels.copy()
    pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1] = ((64, 64, 64),) * 4
    return Panel(pixels=pixels, title=view.name, letters=panel.letters, px_per_mm=panel.px_per_mm)
