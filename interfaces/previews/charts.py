"""Previews of charts: drawn by the real Vega-Lite, without a network."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from interfaces.errors import ValidationError
from interfaces.previews import chart_script
from interfaces.previews.drawing import png
from interfaces.previews.isolated import render
from interfaces.previews.record import PNG, Preview
from interfaces.previews.texts import clean_text

MAX_BYTES = 16 * 2**20
"""Largest specification that is drawn, as JSON."""

MAX_SIDE = 20_000
"""Most pixels that a chart may ask to be wide or high; it is drawn smaller."""

_SIDES = ("width", "height")
_DATA = ("values", "datasets")
_CALLS_HOME = ("usermeta",)


def chart_preview(value: dict[str, Any], *, title: str) -> Preview:
    """A chart as Vega-Lite draws it.

    It is drawn in a process of its own, within bounds of time and memory. Charts that would load something (data or
    pictures by an address) are refused.

    Raises:
        ValidationError: It loads something, is too large, or can't be drawn.
    """
    for problem in _problems(value):
        raise ValidationError(problem)
    specification = {key: part for key, part in value.items() if key not in _CALLS_HOME}
    data = json.dumps(specification).encode()
    if len(data) > MAX_BYTES:
        raise ValidationError(f"it has {len(data)} bytes; at most {MAX_BYTES} are drawn")
    made = render(Path(chart_script.__file__), given=data)
    with Image.open(io.BytesIO(made), formats=("PNG",)) as picture:
        return Preview(
            media_type=PNG, data=png(picture), text=f"{clean_text(title, most=120)}: a chart{_named(value)}."
        )


def _named(value: dict[str, Any]) -> str:
    title = value.get("title")
    text = title.get("text") if isinstance(title, dict) else title
    return f" of {clean_text(text, most=120)}" if isinstance(text, str) and text.strip() else ""


def _problems(value: dict[str, Any]) -> Iterator[str]:
    """Why a specification is not drawn: an address, which is any key ``url`` but for columns of its data; its size."""
    stack: list[tuple[str, Any]] = [("", value)]
    while stack:
        path, node = stack.pop()
        if isinstance(node, list):
            stack += [(path, item) for item in node]
        elif isinstance(node, dict):
            for key, item in node.items():
                where = f"{path}.{key}" if path else str(key)
                if key == "url":
                    yield f"it loads something from elsewhere ({where[:80]}); only charts with their own data are drawn"
                elif key in _SIDES and isinstance(item, (int, float)) and item > MAX_SIDE:
                    yield f"its {key} is more than {MAX_SIDE} pixels"
                elif not (key in _DATA and _is_rows(path, key)):
                    stack.append((where, item))


def _is_rows(path: str, key: str) -> bool:
    """Whether what lies under a key is rows of data, in which a column may have any name."""
    return (key == "datasets" and not path) or (key == "values" and path.rpartition(".")[2] == "data")
