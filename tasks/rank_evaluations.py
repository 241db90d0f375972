"""The leaderboard of a phase out of the records of its submissions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pandas as pd

from interfaces.database.evaluation_records import list_evaluations
from interfaces.database.phase_records import find_phases
from interfaces.evaluations import Evaluation
from interfaces.job_status import JobStatus
from interfaces.leaderboard import Entry, leaderboard_of, scores_of
from interfaces.phase import PerAlgorithm, Phase
from interfaces.site import get_site


def leaderboard_entries(
    slug: str, *, per_algorithm: PerAlgorithm | None = None, standing: UUID | None = None
) -> tuple[Phase, list[Entry]]:
    """A phase and its leaderboard, the best first; what a number is missing for comes last, without a rank.

    Args:
        slug: The phase's.
        per_algorithm: Which submissions of one algorithm stand on it; None for the phase's own choice.
        standing: A submission that stands for its algorithm, whatever the choice.

    Raises:
        UnknownName: No such phase is registered.
    """
    with get_site().database.session() as session:
        phase = find_phases(session, [slug])[slug]
        submissions = list_evaluations(session, slug, status=JobStatus.SUCCESS)
    entries = [_entry(phase, one) for one in submissions]
    return phase, leaderboard_of(phase, entries, per_algorithm=per_algorithm, standing=standing)


def _entry(phase: Phase, evaluation: Evaluation) -> Entry:
    metrics = evaluation.metrics.value if evaluation.metrics else None
    scores, problems = scores_of(metrics, phase.ranking)
    return Entry(
        evaluation=evaluation.id,
        algorithm=evaluation.algorithm,
        version=evaluation.version,
        created=evaluation.created,
        scores=scores,
        problems=problems,
    )


def leaderboard_frame(slug: str, *, per_algorithm: PerAlgorithm | None = None) -> pd.DataFrame:
    """A phase's leaderboard as a table.

    Returns:
        One row a submission, the best first: rank (1, 2, 2, 4; missing where it can't be ranked), algorithm, version,
        submitted (UTC), position (what is ranked), by each metric of the phase its number and ``<metric>_rank``,
        evaluation (the submission's id) and problems.

    Raises:
        UnknownName: No such phase is registered.
    """
    phase, entries = leaderboard_entries(slug, per_algorithm=per_algorithm)
    metrics = [one.metric for one in phase.ranking]
    columns = ["rank", "algorithm", "version", "submitted", "position"]
    columns += [name for metric in metrics for name in (metric, f"{metric}_rank")]
    table = pd.DataFrame([_row(entry, metrics) for entry in entries], columns=[*columns, "evaluation", "problems"])
    whole = ["rank", *(f"{metric}_rank" for metric in metrics)]
    return table.astype({**dict.fromkeys(whole, "Int64"), **dict.fromkeys(["position", *metrics], "float64")})


def _row(entry: Entry, metrics: list[str]) -> dict[str, Any]:
    numbers = {metric: entry.scores.get(metric) for metric in metrics}
    return {
        "rank": entry.rank,
        "algorithm": entry.algorithm,
        "version": entry.version,
        "submitted": entry.created,
        "position": entry.position,
        **numbers,
        **{f"{metric}_rank": entry.ranks.get(metric) for metric in metrics},
        "evaluation": str(entry.evaluation),
        "problems": "; ".join(entry.problems),
    }
