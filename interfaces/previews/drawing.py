"""Planes with letters, titles, a scale and a legend, put together to one PNG."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TypeAlias

from PIL import Image, ImageDraw, ImageFont

from interfaces.previews.colours import Bytes, Colour
from interfaces.previews.limits import MAX_PNG_BYTES
from interfaces.previews.texts import clean_text

PAPER: Colour = (0, 0, 0)
INK: Colour = (214, 214, 214)
FAINT: Colour = (148, 148, 148)
MARGIN_PX, GAP_PX = 14, 12
_TITLE_PX, _LINE_PX, _SWATCH_PX = 20, 19, 12

MAX_LEGEND = 24
MAX_NAME = 32

Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One plane, drawn.

    Attributes:
        pixels: (height, width, 3 or 4) bytes.
        title: Written above it.
        letters: Written at the left, right, top and bottom; "" writes none.
        px_per_mm: For a bar that shows the scale; None shows none.
    """

    pixels: Bytes
    title: str = ""
    letters: tuple[str, str, str, str] = ("", "", "", "")
    px_per_mm: float | None = None


@dataclass(frozen=True, kw_only=True)
class Legend:
    """Names and their colours."""

    entries: Sequence[tuple[str, Colour]] = field(default=())


def compose(
    panels: Sequence[Panel], *, lines: Sequence[str] = (), legend: Legend | None = None, transparent: bool = False
) -> bytes:
    """Panels beside each other, a legend and lines of text below, as a PNG of at most `MAX_PNG_BYTES`.

    Args:
        panels: At least one.
        lines: Facts below the picture.
        legend: Colours and their names.
        transparent: Whether there is nothing behind what is drawn; text is then of a grey that is read on white and on
            black.
    """
    ink, faint = ((118, 118, 118),) * 2 if transparent else (INK, FAINT)
    heights = [panel.pixels.shape[0] for panel in panels]
    title_px = _TITLE_PX if any(panel.title for panel in panels) else 0
    inner = sum(panel.pixels.shape[1] for panel in panels) + GAP_PX * (len(panels) - 1)
    inner = max(inner, 300)
    entries = _legend_places(legend, inner) if legend else []
    legend_px = (entries[-1][1] + _LINE_PX + 4) if entries else 0
    texts = [line for text in lines for line in _wrapped(text, inner)]
    height = (
        2 * MARGIN_PX + title_px + max(heights) + legend_px + len(texts) * _LINE_PX + (6 if texts or entries else 0)
    )
    picture = Image.new("RGBA", (inner + 2 * MARGIN_PX, height), (*PAPER, 0 if transparent else 255))
    draw = ImageDraw.Draw(picture)
    x, top = MARGIN_PX, MARGIN_PX + title_px
    for panel in panels:
        y = top + (max(heights) - panel.pixels.shape[0]) // 2
        _paste(picture, panel, x, y)
        draw.text((x, MARGIN_PX - 3), panel.title, fill=faint, font=font(13))
        _write_letters(draw, panel, x, y, outlined=not transparent)
        x += panel.pixels.shape[1] + GAP_PX
    _draw_scale(draw, panels[0], MARGIN_PX, top + (max(heights) + heights[0]) // 2, outlined=not transparent)
    y = top + max(heights) + 8
    for left, down, name, colour in entries:
        box = (MARGIN_PX + left, y + down + 3, MARGIN_PX + left + _SWATCH_PX, y + down + 3 + _SWATCH_PX)
        draw.rectangle(box, fill=(*colour, 255))
        draw.text((box[2] + 6, y + down), name, fill=ink, font=font(13))
    for number, text in enumerate(texts):
        draw.text((MARGIN_PX, y + legend_px + number * _LINE_PX), text, fill=faint, font=font(13))
    return png(picture if transparent else picture.convert("RGB"))


@cache
def font(size: int) -> Font:
    """The font that Pillow carries; no font of the system is needed."""
    return ImageFont.load_default(size)


def png(picture: Image.Image) -> bytes:
    """A picture as PNG, made smaller until it has at most `MAX_PNG_BYTES`."""
    while True:
        file = io.BytesIO()
        picture.save(file, "PNG")
        if file.tell() <= MAX_PNG_BYTES or max(picture.size) < 64:
            return file.getvalue()
        picture = picture.resize((picture.width * 3 // 4, picture.height * 3 // 4), Image.Resampling.LANCZOS)


def _paste(picture: Image.Image, panel: Panel, x: int, y: int) -> None:
    pixels = Image.fromarray(panel.pixels)
    picture.paste(pixels, (x, y))


def _write_letters(draw: ImageDraw.ImageDraw, panel: Panel, x: int, y: int, *, outlined: bool) -> None:
    height, width = panel.pixels.shape[:2]
    places = {
        "lm": (x + 5, y + height / 2),
        "rm": (x + width - 5, y + height / 2),
        "mt": (x + width / 2, y + 4),
        "mb": (x + width / 2, y + height - 4),
    }
    if min(width, height) < 48:
        return
    for (anchor, place), letter in zip(places.items(), panel.letters, strict=True):
        write(draw, place, letter, anchor=anchor, size=14, outlined=outlined)


def write(
    draw: ImageDraw.ImageDraw,
    place: tuple[float, float],
    text: str,
    *,
    anchor: str = "lm",
    size: int = 13,
    colour: Colour = INK,
    outlined: bool = True,
) -> None:
    """Text that is read on any picture, by its dark outline; without one it is of a middle grey."""
    if outlined:
        draw.text(place, text, fill=colour, font=font(size), anchor=anchor, stroke_width=2, stroke_fill=PAPER)
    else:
        draw.text(place, text, fill=(118, 118, 118), font=font(size), anchor=anchor)


def _draw_scale(draw: ImageDraw.ImageDraw, panel: Panel, x: int, bottom: int, *, outlined: bool) -> None:
    """A bar of a round length, at most 40 % of the panel, in its lower left corner."""
    height, width = panel.pixels.shape[:2]
    if panel.px_per_mm is None or min(width, height) < 96:
        return
    length_mm = round_length(0.4 * width / panel.px_per_mm)
    length_px = length_mm * panel.px_per_mm
    left, y = x + 10, bottom - 12
    colour = INK if outlined else (118, 118, 118)
    if outlined:
        draw.rectangle((left - 1, y - 2, left + length_px + 1, y + 2), fill=PAPER)
    draw.rectangle((left, y - 1, left + length_px, y + 1), fill=colour)
    write(draw, (left, y - 12), f"{length_mm:g} mm", size=12, outlined=outlined)


def round_length(most: float) -> float:
    """The largest of 1, 2 and 5 times a power of ten that is not above `most`."""
    power = 10.0 ** math.floor(math.log10(most))
    return next(factor * power for factor in (5, 2, 1) if factor * power <= most * (1 + 1e-9))


def _legend_places(legend: Legend, width: int) -> list[tuple[int, int, str, Colour]]:
    """Left, top, name and colour of each entry, in rows of at most `width`."""
    entries = [(clean_text(name, most=MAX_NAME), colour) for name, colour in legend.entries[:MAX_LEGEND]]
    if len(legend.entries) > MAX_LEGEND:
        entries.append((f"and {len(legend.entries) - MAX_LEGEND} more", FAINT))
    places, x, y = [], 0, 0
    for name, colour in entries:
        length = round(font(13).getlength(name)) + _SWATCH_PX + 6 + 18
        if x and x + length > width:
            x, y = 0, y + _LINE_PX
        places.append((x, y, name, colour))
        x += length
    return places


def _wrapped(text: str, width: int) -> list[str]:
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font(13).getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines[:6]
