"""What a cleaning is asked for, and what it did.

Removed is what nothing needs: what processes that died have left; logs of jobs that ended long ago; versions of
container images that no new job uses and no job has used for long; values, stored files and unpacked models that no
record names. Only where it is asked for: records of old jobs, and of old runs of graphs. What a job that runs, an
archive, a desired version, an evaluation or the record of a run of a graph needs stays, as does what was used within
a day.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

EXAMPLES = 20
"""Names that a tally has of what it counts."""


class Kind(StrEnum):
    """What something that is needed no more is; the value is for people."""

    CONTAINER = "containers of jobs that died"
    VOLUME = "volumes of jobs that died"
    FOLDER = "scratch and working folders"
    GRAPH_RUN = "records of runs of graphs"
    JOB = "records of jobs"
    IMAGE = "container images"
    VALUE = "values"
    FILE = "stored files"
    UNPACKED = "unpacked models and ground truths"
    LOG = "logs"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a cleaning is asked for.

    Attributes:
        older_than: What was used since is not old.
        records: Whether records of old jobs are to go, too.
        graph_runs: Whether records of old runs of graphs are to go, too; their jobs are then old jobs like others.
        dry_run: Whether nothing is to be removed, but only told.
    """

    older_than: timedelta = timedelta(days=30)
    records: bool = False
    graph_runs: bool = False
    dry_run: bool = False


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How much of a kind was removed.

    Attributes:
        kind: What it is.
        count: How many.
        size_bytes: Bytes that they took on disk; 0 of what is in the database or can't be measured.
        names: Of some of them.
    """

    kind: Kind
    count: int = 0
    size_bytes: int = 0
    names: tuple[str, ...] = ()

    def with_one(self, name: str, size_bytes: int) -> Tally:
        """The tally with one more."""
        names = (*self.names, name) if len(self.names) < EXAMPLES else self.names
        return replace(self, count=self.count + 1, size_bytes=self.size_bytes + size_bytes, names=names)

    def with_all(self, sizes: dict[str, int]) -> Tally:
        """The tally with more of them, by name with their sizes in bytes."""
        names = (*self.names, *list(sizes)[: EXAMPLES - len(self.names)])
        count, size_bytes = self.count + len(sizes), self.size_bytes + sum(sizes.values())
        return replace(self, count=count, size_bytes=size_bytes, names=names)


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    """What a cleaning did.

    Attributes:
        tallies: How much of each kind was removed, or would be; none that is empty.
        problems: What could not be looked at or removed, a sentence each.
        dry_run: Whether nothing was removed.
    """

    tallies: tuple[Tally, ...] = ()
    problems: tuple[str, ...] = ()
    dry_run: bool = False

    @property
    def size_bytes(self) -> int:
        """Bytes of all that was removed."""
        return sum(tally.size_bytes for tally in self.tallies)
