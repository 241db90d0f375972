"""Wavefront OBJ files, read line by line.

Format: Wavefront "Advanced Visualizer" manual, appendix B1.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from interfaces.errors import ValidationError

MAX_LINE_BYTES = 2**20

_LISTS = {b"v": 0, b"vt": 1, b"vn": 2}
_LIST_NAMES = ("vertex", "texture vertex", "normal")
_LEAST_NUMBERS = {b"v": 3, b"vt": 1, b"vn": 3}
_LEAST_CORNERS = {b"f": 3, b"l": 2, b"p": 1}


def check_obj(path: Path) -> None:
    """An OBJ file with vertices, and faces, lines and points whose indices exist.

    Statements that are not about those are not looked at.

    Raises:
        ValidationError: It is not; the text names the line.
    """
    counts = [0, 0, 0]
    # By list: the highest index that was used, and its line. Elements may come before what they refer to.
    highest = [(0, 0), (0, 0), (0, 0)]
    for number, line in _statements(path):
        keyword, *words = line.split()
        if b"_" in line and (keyword in _LISTS or keyword in _LEAST_CORNERS):  # Python's numbers have them, OBJ's not
            raise ValidationError(f"It has a number with '_' in line {number}")
        if keyword in _LISTS:
            _check_numbers(words, _LEAST_NUMBERS[keyword], number)
            counts[_LISTS[keyword]] += 1
        elif keyword in _LEAST_CORNERS:
            if len(words) < _LEAST_CORNERS[keyword]:
                raise ValidationError(f"It has an element of {len(words)} vertices in line {number}")
            for word in words:
                _follow(word, number, counts, highest)
    if not counts[0]:
        raise ValidationError("It has no vertices, as an OBJ file has")
    for name, count, (index, number) in zip(_LIST_NAMES, counts, highest, strict=True):
        if index > count:
            raise ValidationError(f"It uses the {name} {index} in line {number}, but has only {count}")


def _statements(path: Path) -> Iterator[tuple[int, bytes]]:
    """Lines that say something, with the number of their last line; a backslash at the end joins the next line."""
    with path.open("rb") as file:
        parts: list[bytes] = []
        length = number = 0
        while line := file.readline(MAX_LINE_BYTES):
            number += 1
            length += len(line)
            if b"\0" in line or length >= MAX_LINE_BYTES:
                raise ValidationError(f"It is no text of lines, as an OBJ file is: see line {number}")
            text = line.partition(b"#")[0].strip()
            if text.endswith(b"\\"):
                parts.append(text[:-1])
                continue
            text = b" ".join([*parts, text]).strip()
            parts.clear()
            length = 0
            if text:
                yield number, text


def _check_numbers(words: list[bytes], least: int, number: int) -> None:
    try:
        numbers = list(map(float, words))
    except ValueError as error:
        raise ValidationError(f"It has a coordinate that is no number in line {number}") from error
    if len(numbers) < least or not all(map(math.isfinite, numbers)):
        raise ValidationError(f"It has coordinates {numbers[:6]} in line {number}; {least} finite numbers are needed")


def _follow(word: bytes, number: int, counts: list[int], highest: list[tuple[int, int]]) -> None:
    """Look up the corner ``vertex/texture/normal`` of an element; only the first is needed."""
    parts = word.split(b"/")
    try:
        indices = [int(part) if part else 0 for part in parts]
    except ValueError as error:
        raise ValidationError(f"It has a corner {word[:40]!r} that is no index in line {number}") from error
    if len(indices) > 3 or not parts[0]:
        raise ValidationError(f"It has a corner {word[:40]!r} that is no index in line {number}")
    for at, index in enumerate(indices):
        # From 1; below 0 from the end of what came before. An index that is left out is no index.
        if (index == 0 and parts[at]) or -index > counts[at]:
            raise ValidationError(f"It uses the {_LIST_NAMES[at]} {index} in line {number}, which does not exist")
        if index > highest[at][0]:
            highest[at] = (index, number)
