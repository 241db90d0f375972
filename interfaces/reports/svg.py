"""Small charts as SVG: text and shapes of which no part is obeyed, and axes with round numbers.

Every text goes through `text`, every colour is one of the constants here: nothing else of a value gets in.
"""

from __future__ import annotations

import math
from base64 import b64encode

from interfaces.previews.texts import clean_text, html_text

INK, FAINT, RULE, PAPER = "#1f2933", "#616e7c", "#e4e7eb", "#ffffff"
BLUE, GREEN, RED, GREY, AMBER, PURPLE = "#2563a8", "#2e8b57", "#c0392b", "#9aa5b1", "#d08700", "#7b4fa3"
FONT = "font-family=\"system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif\""

CHARACTER_PX = 0.6
"""Width of a character as part of its height, rather too much than too little: fonts differ from machine to machine."""


def fitting(words: str, width: float, size: float = 12) -> str:
    """A text, cut so that it is not wider than `width` pixels."""
    return clean_text(words, most=max(1, int(width / (CHARACTER_PX * size))))


def text(
    x: float, y: float, words: str, *, size: float = 12, anchor: str = "start", fill: str = INK, bold: bool = False
) -> str:
    """One line of text, harmless whatever is in it.

    Args:
        x: Of the anchor.
        y: Of the base line.
        words: What it says.
        size: Of the font, in pixels.
        anchor: Which end of it stands at `x`: ``start``, ``middle`` or ``end``.
        fill: Its colour.
        bold: Whether it is.
    """
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}" fill="{fill}"{weight}>'
        f"{html_text(clean_text(words, most=200))}</text>"
    )


def line(x1: float, y1: float, x2: float, y2: float, *, stroke: str = RULE, width: float = 1, dashes: str = "") -> str:
    """A straight line."""
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{stroke}" stroke-width="{width:g}"{dashed}/>'


def box(x: float, y: float, width: float, height: float, *, fill: str, tip: str = "", opacity: float = 1) -> str:
    """A filled box, with a text for the pointer."""
    inner = f"<title>{html_text(clean_text(tip, most=300))}</title>" if tip else ""
    faint = f' fill-opacity="{opacity:g}"' if opacity < 1 else ""
    place = f'x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.5):.1f}" height="{height:.1f}"'
    return f'<rect {place} rx="2" fill="{fill}"{faint}>{inner}</rect>'


def picture(width: float, height: float, parts: list[str], *, label: str) -> str:
    """A whole picture on white paper, which is legible on a dark page too.

    Args:
        width: In pixels.
        height: In pixels.
        parts: What is on it.
        label: What it shows, for those who can't see it.
    """
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" role="img" aria-label="{html_text(clean_text(label, most=300))}" {FONT}>'
        f'<rect width="{width:.0f}" height="{height:.0f}" rx="6" fill="{PAPER}"/>' + "".join(parts) + "</svg>"
    )


def data_url(svg: str) -> str:
    """A picture as the address of an image that is held within a page; browsers run no script in such an image."""
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"


def ticks(highest: float, most: int = 4) -> list[float]:
    """Round numbers from 0 to the first that is not below `highest`, at most `most` steps.

    Args:
        highest: The highest value; anything not above 0 counts as 1.
        most: Most steps.
    """
    if not math.isfinite(highest) or highest <= 0:
        highest = 1.0
    power = 10.0 ** math.floor(math.log10(highest / most))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10, 20) if factor * power * most >= highest * (1 - 1e-9))
    return [number * step for number in range(math.ceil(highest / step - 1e-9) + 1)]


_TIME_STEPS_S = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400),
)


def time_ticks(seconds: float, most: int = 6) -> tuple[list[float], float, str]:
    """Round times from 0 up to `seconds`.

    Returns:
        The times in seconds, the seconds of their unit, and its name.
    """
    seconds = max(seconds, 0.001)
    step = next((one for one in _TIME_STEPS_S if one * most >= seconds), None)
    if step is None:
        step = 86_400 * math.ceil(seconds / 86_400 / most)
    last = step * int(seconds / step + 1e-9)
    unit, name = next(
        ((unit, name) for unit, name in ((86_400, "d"), (3600, "h"), (60, "min")) if step >= unit),
        (1, "s") if last >= 1 else (0.001, "ms"),
    )
    return [number * step for number in range(int(seconds / step + 1e-9) + 1)], unit, name
