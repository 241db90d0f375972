"""A leaderboard as a table for people: a terminal's, or an artifact's in the Prefect UI."""

from __future__ import annotations

from collections.abc import Sequence

from interfaces.leaderboard import Entry
from interfaces.phase import Phase

SHOWN_DIGITS = 12


def leaderboard_rows(phase: Phase, entries: Sequence[Entry]) -> tuple[list[str], list[list[str]]]:
    """Header and rows: the rank, whose it is, the numbers, and by several metrics each rank and what they make.

    Args:
        phase: What ranks, and how.
        entries: The leaderboard, the best first.
    """
    several = len(phase.counting) > 1
    counting = {one.metric for one in phase.counting} if several else set()
    combined = [f"{phase.ranking_by} rank"] if several else []
    header = ["rank", "algorithm", "version", "submitted", *_titles(phase), *combined, "evaluation"]
    if any(entry.rank is None for entry in entries):
        header.append("not ranked, since")
    rows = []
    for entry in entries:
        scores = [_score(entry, one.metric, with_rank=one.metric in counting) for one in phase.ranking]
        row = [
            _or_dash(entry.rank),
            entry.algorithm,
            entry.version.removeprefix("sha256:")[:SHOWN_DIGITS],
            f"{entry.created.astimezone():%Y-%m-%d %H:%M}",
            *scores,
            *([_or_dash(entry.position)] if several else []),
            str(entry.evaluation)[:8],
        ]
        why = "; ".join(entry.problems) if entry.rank is None else ""
        rows.append([*row, why][: len(header)])
    return header, rows


def _titles(phase: Phase) -> list[str]:
    """The title of each metric, with the metric itself where two have the same."""
    titles = [one.title for one in phase.ranking]
    return [f"{one.title} ({one.metric})" if titles.count(one.title) > 1 else one.title for one in phase.ranking]


def _score(entry: Entry, metric: str, *, with_rank: bool) -> str:
    if metric not in entry.scores:
        return "-"
    number = f"{entry.scores[metric]:.6g}"
    return f"{number} ({entry.ranks[metric]})" if with_rank and metric in entry.ranks else number


def _or_dash(number: float | None) -> str:
    return "-" if number is None else f"{number:g}"
