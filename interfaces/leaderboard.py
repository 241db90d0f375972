"""The leaderboard of a phase: numbers out of metrics, ranks out of numbers. Nothing here is stored or run.

Ties share the better rank, and the ranks after them are left out: 1, 2, 2, 4. This is "competition" ranking, the method
``min`` of https://docs.scipy.org/doc/scipy/reference/generated/scipy.stats.rankdata.html. Several metrics are ranked
one by one first and then put together ("rank then aggregate"; https://doi.org/10.1038/s41467-018-07619-7 tells how much
hangs on that choice): the mean or the median of the ranks, ranked in the same way.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from statistics import mean, median
from typing import Any
from uuid import UUID

from interfaces.errors import ValidationError
from interfaces.phase import Direction, PerAlgorithm, Phase, RankingBy, RankingMetric


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A submission on a leaderboard.

    Attributes:
        evaluation: Its id.
        algorithm: Slug of the algorithm.
        version: Of the algorithm; see `interfaces.evaluations.Evaluation`.
        created: When it was submitted.
        scores: By metric, its number; a metric that has none is left out.
        problems: Why a metric has none, one sentence each.
        ranks: By metric, its rank from 1; only of what counts.
        position: What is ranked: the first metric's rank, or the mean or median of all.
        rank: From 1; None for a submission that can't be ranked.
    """

    evaluation: UUID
    algorithm: str
    version: str
    created: datetime
    scores: Mapping[str, float]
    problems: tuple[str, ...] = ()
    ranks: Mapping[str, int] = field(default_factory=dict)
    position: float | None = None
    rank: int | None = None


def score_of(metrics: Any, metric: str) -> float:
    """A number of metrics.json.

    Args:
        metrics: The whole document.
        metric: Dotted keys, such as ``aggregates.dice``.

    Raises:
        ValidationError: It is not there, or no finite number; one sentence that says where the way ends.
    """
    found: Any = metrics
    way: list[str] = []
    for key in metric.split("."):
        if not isinstance(found, Mapping) or key not in found:
            where = f"'{'.'.join(way)}' has no '{key}'" if way else f"there is no '{key}'"
            raise ValidationError(f"the ranking metric '{metric}' is not in metrics.json: {where}")
        found, way = found[key], [*way, key]
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise ValidationError(f"the ranking metric '{metric}' is {_shown(found)}, and no number")
    try:
        number = float(found)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValidationError(f"the ranking metric '{metric}' is no finite number")
    return number


def _shown(value: Any) -> str:
    if isinstance(value, Mapping | list):
        return "an object" if isinstance(value, Mapping) else "a list"
    return "null" if value is None else f"{value!r:.40}"


def scores_of(metrics: Any, ranking: Iterable[RankingMetric]) -> tuple[dict[str, float], tuple[str, ...]]:
    """By metric the numbers that are there, and one sentence for each that is not."""
    scores: dict[str, float] = {}
    problems: list[str] = []
    for one in ranking:
        try:
            scores[one.metric] = score_of(metrics, one.metric)
        except ValidationError as error:
            problems.append(str(error))
    return scores, tuple(problems)


def shared_ranks(numbers: Sequence[float], *, descending: bool = False) -> list[int]:
    """The rank of each number: one more than how many are better. The first is 1, equal ones share theirs."""
    keys = [-number if descending else number for number in numbers]
    ordered = sorted(keys)
    return [bisect_left(ordered, key) + 1 for key in keys]


def ranked(phase: Phase, entries: Iterable[Entry]) -> list[Entry]:
    """The entries with their ranks, the best first; those that lack a number that counts come last, without a rank.

    Entries of the same rank are in the order in which they were submitted.
    """
    everyone = sorted(entries, key=lambda one: one.created)
    counting = phase.counting
    able: list[Entry] = []
    unable: list[Entry] = []
    for one in everyone:
        has_all = bool(counting) and all(each.metric in one.scores for each in counting)
        (able if has_all else unable).append(one)
    columns = {
        each.metric: shared_ranks(
            [one.scores[each.metric] for one in able], descending=each.direction is Direction.DESCENDING
        )
        for each in counting
    }
    ranks = [{metric: column[index] for metric, column in columns.items()} for index in range(len(able))]
    combine = median if phase.ranking_by is RankingBy.MEDIAN else mean
    positions = [float(combine(each.values())) for each in ranks]
    found = [
        replace(one, ranks=each, position=position, rank=rank)
        for one, each, position, rank in zip(able, ranks, positions, shared_ranks(positions), strict=True)
    ]
    return sorted(found, key=lambda one: one.rank or 0) + unable


def leaderboard_of(
    phase: Phase,
    entries: Iterable[Entry],
    *,
    per_algorithm: PerAlgorithm | None = None,
    standing: UUID | None = None,
) -> list[Entry]:
    """The leaderboard, the best first.

    Args:
        phase: What ranks, and how.
        entries: All submissions that were evaluated, without ranks.
        per_algorithm: Which submissions of one algorithm stand on it, in place of the phase's own choice. The best one
            is the first among all submissions, of equal ones the earlier; then those that are left are ranked anew.
        standing: A submission that stands for its algorithm, whatever the choice.
    """
    entries, choice = list(entries), per_algorithm or phase.per_algorithm
    if choice is PerAlgorithm.ALL:
        return ranked(phase, entries)
    chosen: dict[str, UUID] = {one.algorithm: one.evaluation for one in entries if one.evaluation == standing}
    newest_first = sorted(entries, key=lambda one: one.created, reverse=True)
    for one in ranked(phase, entries) if choice is PerAlgorithm.BEST else newest_first:
        chosen.setdefault(one.algorithm, one.evaluation)
    standing_ones = set(chosen.values())
    return ranked(phase, [one for one in entries if one.evaluation in standing_ones])
