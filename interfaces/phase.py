"""`Phase`: what an algorithm has to do, how that is evaluated, and what ranks the submissions."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from interfaces.component import InterfaceSet, pick_set
from interfaces.errors import DefinitionError

PREDICTIONS = "predictions-json-file"
"""The interface that every evaluation reads: which jobs there are, with their inputs and outputs."""

METRICS = "metrics-json-file"
"""The interface that every evaluation writes."""


class Direction(StrEnum):
    """Which end of a metric comes first on the leaderboard."""

    ASCENDING = "ascending"
    DESCENDING = "descending"


class RankingBy(StrEnum):
    """How the ranks by several metrics make one: that by the first alone, or the mean or median of all."""

    FIRST = "first"
    MEAN = "mean"
    MEDIAN = "median"


class PerAlgorithm(StrEnum):
    """Which submissions of one algorithm stand on the leaderboard."""

    BEST = "best"
    LATEST = "latest"
    ALL = "all"

    @classmethod
    def from_text(cls, text: str) -> PerAlgorithm:
        """Read ``best``, ``latest`` or ``all``.

        Raises:
            DefinitionError: It is something else.
        """
        if text not in tuple(cls):
            raise DefinitionError(f"per_algorithm is '{text:.40}'; it can be 'best', 'latest' or 'all'")
        return cls(text)


@dataclass(frozen=True, kw_only=True)
class RankingMetric:
    """A number of metrics.json that ranks.

    Attributes:
        metric: Where it is: dotted keys, such as ``aggregates.dice``.
        direction: Ascending where the least is the best, descending where the greatest is.
        title: What people read above its column.
    """

    metric: str
    direction: Direction
    title: str


@dataclass(frozen=True, kw_only=True)
class Phase:
    """What is registered under a phase's name.

    Attributes:
        title: Human readable, unique name.
        slug: Made from the title unless given.
        description: What the task is.
        algorithm_interfaces: The sets of inputs and outputs that algorithms must have; a case's inputs pick one.
        evaluation: Slug of the component that evaluates.
        ground_truth: A ``.tar.gz`` that is mounted unpacked at /opt/ml/input/data/ground_truth, or None.
        archive: The cases unless others are given: the slug of a stored archive, or "".
        additional_inputs: Slugs of what is given with a submission, besides the predictions.
        additional_outputs: Slugs of what the evaluation writes besides its metrics.
        time_limit: Seconds for each job of an algorithm; None for the component's own.
        memory_gb: GB (2**30 bytes) for each job of an algorithm; None for the component's own.
        ranking: The metrics that rank; empty where there is no leaderboard.
        ranking_by: How the ranks by several metrics make one.
        per_algorithm: Which submissions of one algorithm stand on the leaderboard.
    """

    title: str
    slug: str
    algorithm_interfaces: tuple[InterfaceSet, ...]
    evaluation: str
    description: str = ""
    ground_truth: Path | None = None
    archive: str = ""
    additional_inputs: tuple[str, ...] = ()
    additional_outputs: tuple[str, ...] = ()
    time_limit: int | None = None
    memory_gb: float | None = None
    ranking: tuple[RankingMetric, ...] = ()
    ranking_by: RankingBy = RankingBy.FIRST
    per_algorithm: PerAlgorithm = PerAlgorithm.BEST

    @property
    def evaluation_inputs(self) -> tuple[str, ...]:
        """The slugs of what the evaluation is given."""
        return (PREDICTIONS, *self.additional_inputs)

    @property
    def evaluation_outputs(self) -> tuple[str, ...]:
        """The slugs of what the evaluation must write."""
        return (METRICS, *self.additional_outputs)

    @property
    def counting(self) -> tuple[RankingMetric, ...]:
        """The metrics that the rank is made of; any others are only shown."""
        return self.ranking[:1] if self.ranking_by is RankingBy.FIRST else self.ranking

    @property
    def input_slugs(self) -> frozenset[str]:
        """The slugs of all inputs that a case may have."""
        return frozenset(slug for each in self.algorithm_interfaces for slug in each.inputs)

    def pick_set(self, given: Collection[str], *, with_default: Collection[str] = ()) -> InterfaceSet:
        """The set of inputs and outputs that a case asks for.

        Args:
            given: Slugs of the inputs that the case has.
            with_default: Slugs of the inputs that have a default value.

        Returns:
            The set whose inputs are exactly the given ones; else the one that defaults complete.

        Raises:
            ValidationError: No set fits; the text lists the sets.
        """
        return pick_set(self.algorithm_interfaces, given, with_default=with_default, of=self.slug)
