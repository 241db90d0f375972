"""`Finding`: something about a component that does not, or may not, work, with what mends it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is: an error is refused at registration or can't run, a warning may surprise."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that was found.

    Attributes:
        level: How bad it is.
        about: What it is about: ``component.yaml``, ``image``, ``folder`` or ``machine``.
        sentence: What is wrong, and where.
        remedy: What to do; "" where the sentence says it.
    """

    level: Level
    about: str
    sentence: str
    remedy: str = ""


def errors_in(findings: Iterable[Finding]) -> list[Finding]:
    """Those that keep the component from running."""
    return [one for one in findings if one.level is Level.ERROR]
