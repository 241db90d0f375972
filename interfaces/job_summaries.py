"""Many jobs in a table with a row per component, image, status or day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from interfaces.database.figure_records import JobGroup
from interfaces.errors import DefinitionError
from interfaces.grouped_numbers import Groups, Numbers
from interfaces.job_status import BY, JobStatus

MEASURES = ("duration_s", "waiting_s", "peak_memory_bytes", "cost_euro_millicents")
VERDICT = "verdict_"

MILLICENTS_PER_EURO = 100_000

_STATUSES = {JobStatus.SUCCESS: "succeeded", JobStatus.FAILURE: "failed", JobStatus.CANCELLED: "cancelled"}
_DAY_US = 86_400_000_000
_TYPES = {"day": "datetime64[s, UTC]"}

_Codes = npt.NDArray[np.intp]


@dataclass(frozen=True)
class _Rows:
    """The rows of a table: what names each, and the row of each job, in the order of the job groups."""

    names: Mapping[str, Sequence[object] | pd.Series[Any]]
    codes: _Codes
    count: int


def summarise(groups: Sequence[JobGroup], by: Sequence[str], *, of_succeeded: bool) -> pd.DataFrame:
    """A table of jobs; ``ComponentJobManager.summary`` says what is in it.

    Args:
        groups: The jobs.
        by: Some of `BY`.
        of_succeeded: Whether durations are those of succeeded jobs alone.

    Raises:
        DefinitionError: A table can't be made by one of them.
    """
    if unknown := [name for name in by if name not in BY]:
        raise DefinitionError(f"jobs can't be summarised by '{unknown[0]}', only by {', '.join(BY)}")
    rows = _rows(groups, by)
    counts = _counts(groups, rows)
    columns: dict[str, object] = {
        **rows.names,
        "jobs": np.bincount(rows.codes, minlength=rows.count),
        **{name: counts.pop(name, np.zeros(rows.count, np.intp)) for name in _STATUSES.values()},
        **_described(groups, rows, of_succeeded=of_succeeded),
        **dict(sorted(counts.items())),
    }
    table = pd.DataFrame(columns)
    return table.sort_values(list(by), ignore_index=True) if by else table


def by_day(groups: Sequence[JobGroup]) -> pd.DataFrame:
    """One row a day (of creation, in UTC) with jobs, the first day first; nothing is sorted, so that it takes little.

    Args:
        groups: The jobs.

    Returns:
        The columns day, jobs, succeeded, failed, cancelled, mean_duration_s (of succeeded jobs), mean_waiting_s, and
        total_cost_euro_millicents; what is not known of any job is missing.
    """
    rows = _rows(groups, ("day",))
    counts = _counts(groups, rows)
    none = np.zeros(rows.count, np.intp)
    durations = _sums(_values(groups, "duration_s", of_succeeded=True), rows)
    waiting = _sums(_values(groups, "waiting_s", of_succeeded=False), rows)
    cost, priced = _sums(_values(groups, "cost_euro_millicents", of_succeeded=False), rows)
    table = pd.DataFrame(
        {
            **rows.names,
            "jobs": np.bincount(rows.codes, minlength=rows.count),
            **{name: counts.get(name, none) for name in _STATUSES.values()},
            "mean_duration_s": durations[0] / np.where(durations[1], durations[1], np.nan),
            "mean_waiting_s": waiting[0] / np.where(waiting[1], waiting[1], np.nan),
            "total_cost_euro_millicents": np.where(priced, cost, np.nan),
        }
    )
    return table.sort_values("day", ignore_index=True)


def _sums(values: Numbers, rows: _Rows) -> tuple[Numbers, _Codes]:
    """Of each row, the sum of its jobs' numbers and how many there are."""
    known = ~np.isnan(values)
    codes = rows.codes[known]
    total: Numbers = np.bincount(codes, weights=values[known], minlength=rows.count).astype(np.float64)
    return total, np.bincount(codes, minlength=rows.count)


def _rows(groups: Sequence[JobGroup], by: Sequence[str]) -> _Rows:
    named = [name for name in by if name != "day"]
    labels = [tuple(_label(group, name) for name in named) for group in groups]
    numbers = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    codes = np.repeat([numbers[label] for label in labels], [len(group.figures) for group in groups]).astype(np.intp)
    unique = list(numbers)
    if not groups:
        # With types of their own, so that an empty table can be merged and filtered as a full one can.
        return _Rows({name: pd.Series([], dtype=_TYPES.get(name, "str")) for name in by}, codes, 0)
    if "day" not in by:
        return _Rows(_names(named, unique, range(len(unique))), codes, len(unique))
    days = np.concatenate([group.figures["created_us"] // _DAY_US for group in groups])
    first, span = int(days.min()), int(days.max() - days.min()) + 1
    codes = codes * span + (days - first)
    present = np.flatnonzero(np.bincount(codes))
    renumbered = np.zeros(int(present[-1]) + 1, np.intp)
    renumbered[present] = np.arange(len(present))
    names = _names(named, unique, (present // span).tolist())
    names["day"] = pd.to_datetime(first + present % span, unit="D", utc=True).tolist()
    return _Rows({name: names[name] for name in by}, renumbered[codes], len(present))


def _names(named: Sequence[str], unique: Sequence[tuple[str, ...]], rows: Iterable[int]) -> dict[str, Sequence[object]]:
    return {name: [unique[row][place] for row in rows] for place, name in enumerate(named)}


def _label(group: JobGroup, name: str) -> str:
    return group.status.name if name == "status" else str(getattr(group, name))


def _counts(groups: Sequence[JobGroup], rows: _Rows) -> dict[str, _Codes]:
    """How many of each row's jobs ended in each way, and with each verdict."""
    counts: dict[str, _Codes] = defaultdict(lambda: np.zeros(rows.count, np.intp))
    start = 0
    for group in groups:
        end = start + len(group.figures)
        here = np.bincount(rows.codes[start:end], minlength=rows.count)
        if group.status in _STATUSES:
            counts[_STATUSES[group.status]] += here
        if group.verdict:
            counts[VERDICT + group.verdict] += here
        start = end
    return counts


def _described(groups: Sequence[JobGroup], rows: _Rows, *, of_succeeded: bool) -> dict[str, Numbers]:
    told: dict[str, Numbers] = {}
    ordered = Groups(rows.codes, rows.count)
    for measure in MEASURES:
        numbers = ordered.describe(_values(groups, measure, of_succeeded=of_succeeded))
        told[f"mean_{measure}"], told[f"median_{measure}"] = numbers.mean, numbers.median
        told[f"p95_{measure}"], told[f"max_{measure}"] = numbers.p95, numbers.highest
        if measure == "cost_euro_millicents":
            told[f"total_{measure}"] = numbers.total
    return told


def _values(groups: Sequence[JobGroup], measure: str, *, of_succeeded: bool) -> Numbers:
    parts = []
    for group in groups:
        values = group.figures[measure]
        if measure == "duration_s":
            counts = group.status is JobStatus.SUCCESS or not of_succeeded
            values = np.where((values > 0) & counts, values, np.nan)
        parts.append(values)
    return np.concatenate(parts) if parts else np.array([])
