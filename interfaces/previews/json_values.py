"""Previews of JSON values: the beginning, indented; a transform as a table."""

from __future__ import annotations

import json
from typing import Any

from interfaces.previews.record import Preview
from interfaces.previews.tables import Table, lines_preview
from interfaces.previews.texts import clean_text

MAX_CHARACTERS, MAX_LINES = 4_000, 60


def json_preview(value: Any, *, title: str) -> Preview:
    """A JSON value, cut after some lines."""
    if isinstance(value, str):
        text = clean_text(value, most=MAX_CHARACTERS, keep_lines=True)
        lines = text.split("\n")
        is_cut = len(value) > MAX_CHARACTERS or len(lines) > MAX_LINES
        return lines_preview(title, "\n".join(lines[:MAX_LINES]), note=_note(len(value)) if is_cut else "")
    text, is_cut = _beginning(value)
    return lines_preview(title, text, language="json", note="Only the beginning is shown." if is_cut else "")


def _note(characters: int) -> str:
    return f"Only the beginning of {characters:,} characters is shown."


def _beginning(value: Any) -> tuple[str, bool]:
    """The first lines of a value's JSON, and whether there are more; no more than them is written."""
    parts: list[str] = []
    characters = lines = 0
    for part in json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(value):
        parts.append(part)
        characters += len(part)
        lines += part.count("\n")
        if characters > MAX_CHARACTERS or lines >= MAX_LINES:
            text = "\n".join("".join(parts)[:MAX_CHARACTERS].split("\n")[:MAX_LINES])
            return clean_text(text, keep_lines=True) + "\n\N{HORIZONTAL ELLIPSIS}", True
    return clean_text("".join(parts), keep_lines=True), False


def transform_preview(value: dict[str, Any], *, title: str) -> Preview:
    """The matrix of an affine transform, row by row."""
    rows = [[_number(number) for number in row] for row in value["3d_affine_transform"]]
    return Table(columns=["x", "y", "z", "translation"], rows=rows).preview(title)


def _number(value: float) -> str:
    try:
        return f"{value:.6g}"
    except OverflowError:  # a whole number beyond what a float holds
        return str(value)[:40]
