"""How long a graph takes, and in which order its parts are best started."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Unit:
    """One piece of work among others, which are known by their places in a list.

    Attributes:
        seconds: How long it takes; None where nobody knows.
        needs: The places of those that must have ended before; all of them earlier ones.
    """

    seconds: float | None
    needs: frozenset[int]


def longest_paths(
    seconds: Mapping[str, float], followers: Mapping[str, set[str]], order: Sequence[str]
) -> dict[str, float]:
    """By name, how long it takes from the start of a piece of work to the end of all that waits for it.

    Args:
        seconds: How long each takes.
        followers: Who needs each.
        order: All names, each after those that it needs.
    """
    found: dict[str, float] = {}
    for name in reversed(order):
        found[name] = seconds[name] + max((found[one] for one in followers[name]), default=0.0)
    return found


def finish_s(units: Sequence[Unit], *, parallel: int) -> float:
    """Seconds until the last piece of work ends, where of those that can start the one with the longest way to go does.

    Args:
        units: The work; what nobody knows the time of counts as none.
        parallel: How many run at a time.
    """
    seconds = [unit.seconds or 0.0 for unit in units]
    followers: list[list[int]] = [[] for _ in units]
    missing = [len(unit.needs) for unit in units]
    for place, unit in enumerate(units):
        for needed in unit.needs:
            followers[needed].append(place)
    to_go = seconds[:]
    for place in range(len(units) - 1, -1, -1):
        to_go[place] += max((to_go[one] for one in followers[place]), default=0.0)
    ready: list[tuple[float, int]] = []
    running: list[tuple[float, int]] = []
    now = 0.0

    def begin(places: list[int]) -> None:
        """Let work be started; what takes no time is over at once, and takes no place."""
        while places:
            place = places.pop()
            if seconds[place]:
                heapq.heappush(ready, (-to_go[place], place))
            else:
                places += ended(place)

    def ended(place: int) -> list[int]:
        for one in followers[place]:
            missing[one] -= 1
        return [one for one in followers[place] if not missing[one]]

    begin([place for place, count in enumerate(missing) if not count])
    while ready or running:
        while ready and len(running) < parallel:
            _, place = heapq.heappop(ready)
            heapq.heappush(running, (now + seconds[place], place))
        now, place = heapq.heappop(running)
        begin(ended(place))
    return now
