"""How long a job will take, and how long many are going to, from how long the last ones of their kind took."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat

from sqlalchemy import select

from interfaces.database.tables import ImageRow, JobRow
from interfaces.job_status import JobStatus
from interfaces.site import get_site

LATEST = 200
"""How many jobs an estimate rests on at most, the newest: programs, data and machines change."""


@dataclass(frozen=True)
class PastDurations:
    """How long earlier jobs of a component took.

    Attributes:
        seconds: Their durations, above zero; never empty.
    """

    seconds: tuple[float, ...]

    @property
    def mean_s(self) -> float:
        """What the next one takes, as far as is known before it starts."""
        return sum(self.seconds) / len(self.seconds)

    def remaining_s(self, elapsed_s: float) -> float:
        """What one that runs already still takes: the mean of those that took longer, from here on.

        Args:
            elapsed_s: How long it has run.

        Returns:
            Seconds; a tenth of the elapsed time where none took longer: all that is known then is that it is slow.
        """
        longer = [one - elapsed_s for one in self.seconds if one > elapsed_s]
        return sum(longer) / len(longer) if longer else elapsed_s / 10


def past_durations(component: str, image: str | None = None) -> PastDurations | None:
    """The durations of the newest succeeded jobs of a component.

    Args:
        component: Its slug.
        image: The sha256 id of one of its images; where that has no jobs yet, those of the others serve.

    Returns:
        At most `LATEST` of them, or None where there are none.
    """
    query = (
        select(JobRow.duration_s)
        .where(JobRow.component_slug == component, JobRow.status == JobStatus.SUCCESS.value, JobRow.duration_s > 0)
        .order_by(JobRow.completed_at.desc())
        .limit(LATEST)
    )
    with get_site().database.session() as session:
        found: Sequence[float | None] = ()
        if image is not None:
            of_image = query.join(ImageRow, JobRow.image_pk == ImageRow.pk).where(ImageRow.sha256 == image)
            found = session.scalars(of_image).all()
        found = found or session.scalars(query).all()
    return PastDurations(tuple(one for one in found if one is not None)) if found else None


def estimate(component: str, image: str | None = None) -> float | None:
    """How long the next job of a component is expected to use the machine.

    Args:
        component: Its slug.
        image: The sha256 id of the image that it runs; None: any.

    Returns:
        Seconds, or None where no job of the component has succeeded yet.
    """
    past = past_durations(component, image)
    return past.mean_s if past is not None else None


def time_left(waiting: Mapping[str, int], running: Iterable[tuple[str, float]] = (), *, parallel: int) -> float | None:
    """How long many independent jobs still take.

    Args:
        waiting: How many jobs of each component have not started.
        running: Component and elapsed seconds of those that have.
        parallel: How many run at a time.

    Returns:
        Seconds until the last one ends, or None where a component among them has no succeeded job yet.
    """
    running = list(running)
    components = {*(name for name, count in waiting.items() if count > 0), *(name for name, _ in running)}
    past = {name: past_durations(name) for name in components}
    known = {name: durations for name, durations in past.items() if durations is not None}
    if len(known) < len(past):
        return None
    return makespan(
        [known[name].remaining_s(elapsed_s) for name, elapsed_s in running],
        chain.from_iterable(repeat(known[name].mean_s, count) for name, count in waiting.items() if count > 0),
        parallel=parallel,
    )


def makespan(running: Iterable[float], waiting: Iterable[float], *, parallel: int) -> float:
    """When the last of many jobs ends, where each free place takes the next one in turn.

    Args:
        running: Seconds that each running job still takes.
        waiting: Seconds that each waiting one will take.
        parallel: How many run at a time; where more run already, none starts before enough have ended.

    Returns:
        Seconds from now.
    """
    ends = sorted(running)
    free = [0.0] * (parallel - len(ends)) + ends[max(0, len(ends) - parallel) :]
    for seconds in waiting:
        heapq.heapreplace(free, free[0] + seconds)
    return max(free)
