"""What the engine says while it builds or loads an image, from its events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

_TAIL_LINES = 20
_LOST_STEP = "unable to find image"


class BuildFailed(Exception):
    """A build or load failed; the text is the engine's reason and the last lines that a build printed."""


def follow_build(events: Iterable[Mapping[str, Any]], on_line: Callable[[str], None] | None) -> None:
    """Read a build's events to their end.

    Args:
        events: Objects with ``stream`` (a piece of text), or ``error``, or others that are passed over.
        on_line: Called with each line that is not empty.

    Raises:
        BuildFailed: The build failed.
    """
    tail: list[str] = []
    try:
        for line in _lines(events):
            tail = [*tail[1 - _TAIL_LINES :], line]
            if on_line is not None:
                on_line(line)
    except BuildFailed as failure:
        raise BuildFailed("\n".join([str(failure), *tail])) from None


def once_more_if_a_step_was_lost(build: Callable[[], None]) -> None:
    """Build; once more where another build or a removal took away a step's image in between.

    The classic builder keeps each step as an image, and lets go of one that somebody else has just removed.

    Raises:
        BuildFailed: The build failed, for another reason or again.
    """
    try:
        build()
    except BuildFailed as failure:
        if not str(failure).lower().startswith(_LOST_STEP):
            raise
        build()


def _lines(events: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    rest = ""
    for event in events:
        if "error" in event:
            yield from [rest] if rest.strip() else []
            raise BuildFailed(str(event["error"]).strip())
        *lines, rest = (rest + str(event.get("stream", ""))).split("\n")
        yield from (line for line in lines if line.strip())
    yield from [rest] if rest.strip() else []


def follow_load(events: Iterable[Mapping[str, Any]]) -> list[str]:
    """Read a load's events to their end.

    Args:
        events: Objects with ``stream`` (``Loaded image: name:tag``, ``Loaded image ID: sha256:...``), or ``error``, or
            others that are passed over.

    Returns:
        The references of what was loaded.

    Raises:
        BuildFailed: The archive was refused.
    """
    return [line.partition(": ")[2].strip() for line in _lines(events) if line.startswith("Loaded image")]
