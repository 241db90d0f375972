"""Limits of memory and time for each component's image, from what its jobs needed so far.

Too low a limit ends jobs, too high a one keeps others waiting; a person's first guess is mostly one of the two.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from interfaces.database.figure_records import JobGroup
from interfaces.grouped_numbers import Numbers
from interfaces.job_status import JobStatus
from interfaces.verdicts import VerdictKind

LEAST_RUNS = 10
"""With fewer, the highest of them says little about the next: a further run tops 10 earlier ones once in 11 times, in
whichever way they are spread, as long as they are alike."""

HIGHEST_MARGIN = 1.25
"""Above the highest need so far, of memory and of time."""

TIME_MARGIN = 2.0
"""Above the 95th percentile of time: it depends on the machine and on what else runs there, and a limit that is too
high costs nothing as long as it is not needed."""

HIT_MARGIN = 1.5
"""Above a limit that jobs ran into: they needed more, nobody knows how much."""

GB = 2**30

COLUMNS = [
    "component",
    "image",
    "runs",
    "memory_gb",
    "time_limit",
    "p95_needed_memory_bytes",
    "max_needed_memory_bytes",
    "p95_exec_duration_s",
    "max_exec_duration_s",
    "out_of_memory",
    "out_of_time",
]
_OUT_OF_MEMORY = frozenset({VerdictKind.MEMORY_LIMIT, VerdictKind.PYTHON_MEMORY_ERROR, VerdictKind.MEMORY_WARNING})
_OUT_OF_TIME = frozenset({VerdictKind.TIME_LIMIT})


def suggested(groups: Sequence[JobGroup]) -> pd.DataFrame:
    """One row an image; ``ComponentJobManager.suggested_limits`` says what is in it.

    Args:
        groups: The jobs.
    """
    versions: dict[tuple[str, str], list[JobGroup]] = defaultdict(list)
    for group in groups:
        versions[group.component, group.image].append(group)
    rows = [
        {"component": component, "image": image, **_suggestion(jobs)}
        for (component, image), jobs in sorted(versions.items())
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _suggestion(groups: Sequence[JobGroup]) -> dict[str, Any]:
    succeeded = [group for group in groups if group.status is JobStatus.SUCCESS]
    needed, ran = _known(succeeded, "needed_memory_bytes"), _known(succeeded, "exec_duration_s")
    starved = [group for group in groups if group.verdict in _OUT_OF_MEMORY]
    stopped = [group for group in groups if group.verdict in _OUT_OF_TIME]
    most_bytes, p95_bytes, most_s, p95_s = _highest(needed), _p95(needed), _highest(ran), _p95(ran)
    runs = min(len(needed), len(ran))
    memory = max(HIGHEST_MARGIN * most_bytes, HIT_MARGIN * _highest(_known(starved, "peak_memory_bytes")))
    time_s = max(
        TIME_MARGIN * p95_s, HIGHEST_MARGIN * most_s, HIT_MARGIN * _highest(_known(stopped, "exec_duration_s"))
    )
    enough = runs >= LEAST_RUNS
    return {
        "runs": runs,
        "memory_gb": _round_gb(memory) if enough else math.nan,
        "time_limit": _round_s(time_s) if enough else math.nan,
        "p95_needed_memory_bytes": p95_bytes if runs else math.nan,
        "max_needed_memory_bytes": most_bytes if runs else math.nan,
        "p95_exec_duration_s": p95_s if runs else math.nan,
        "max_exec_duration_s": most_s if runs else math.nan,
        "out_of_memory": sum(len(group.figures) for group in starved),
        "out_of_time": sum(len(group.figures) for group in stopped),
    }


def _known(groups: Sequence[JobGroup], measure: str) -> Numbers:
    values = np.concatenate([np.array([]), *(group.figures[measure] for group in groups)])
    known: Numbers = values[~np.isnan(values)]
    return known


def _highest(values: Numbers) -> float:
    return float(values.max()) if len(values) else 0.0


def _p95(values: Numbers) -> float:
    return float(np.quantile(values, 0.95)) if len(values) else 0.0


def _round_gb(size_bytes: float) -> float:
    """Up to a number that a person would write: eighths up to 2 GB, then whole ones."""
    wanted = size_bytes / GB
    return float(math.ceil(wanted)) if wanted > 2 else max(1, math.ceil(wanted * 8)) / 8


def _round_s(seconds: float) -> float:
    """Up to whole minutes, or to tens of seconds below two."""
    step = 60 if seconds > 120 else 10
    return float(max(1, math.ceil(seconds / step)) * step)
