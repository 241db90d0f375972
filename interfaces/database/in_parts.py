"""Questions about many records at once, within what a database takes in one statement."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TypeVar

T = TypeVar("T")

MOST = 500
"""Values in one statement; SQLite has taken 999 since ever, and 32,766 since 3.32."""


def in_parts(values: Collection[T]) -> Iterator[list[T]]:
    """The values in lists that are short enough to be asked for at once; none where there are none."""
    ordered = list(values)
    return (ordered[start : start + MOST] for start in range(0, len(ordered), MOST))
