"""Where in a JSON text something stands: lines and columns for people.

Parsers forget positions, so that these functions read the text once more, and only once something is wrong with it.
They expect text that the json module has read, or at least has read up to what is wrong.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)

MAX_SEARCHED = 64 * 2**20
"""Most characters that are searched for a position: a few seconds' work."""


def line_and_column(text: str, index: int) -> tuple[int, int]:
    """Line and column, both from 1, of the character at `index`."""
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def at_line_and_column(text: str, index: int | None) -> str:
    """The words " at line 3, column 7", or "" where the position is not known."""
    if index is None:
        return ""
    line, column = line_and_column(text, index)
    return f" at line {line}, column {column}"


def find_token(text: str, is_wanted: Callable[[str], bool]) -> tuple[int, str] | None:
    """The index and text of the first wanted token: a string with its quotes, a number, a constant, a mark."""
    return next(((index, token) for index, token in _tokens(text) if is_wanted(token)), None)


def find_too_deep(text: str, max_depth: int) -> int | None:
    """The index of the first bracket or brace that opens more than `max_depth` levels."""
    depth = 0
    for index, token in _tokens(text):
        if token in ("[", "{"):
            depth += 1
        elif token in ("]", "}"):
            depth -= 1
        if depth > max_depth:
            return index
    return None


def find_repeated_key(text: str) -> int | None:
    """The index of the first key that its object already has."""
    keys: list[set[str] | None] = []  # of each open object its keys, of each open list None
    last: tuple[int, str] = (0, "")
    for index, token in _tokens(text):
        if token in ("{", "["):
            keys.append(set() if token == "{" else None)
        elif token in ("}", "]") and keys:
            keys.pop()
        elif token == ":" and keys and (known := keys[-1]) is not None:
            key = json.loads(last[1])
            if key in known:
                return last[0]
            known.add(key)
        last = (index, token)
    return None


def _tokens(text: str) -> Iterator[tuple[int, str]]:
    if len(text) <= MAX_SEARCHED:
        yield from ((match.start(), match.group()) for match in _TOKEN.finditer(text))
