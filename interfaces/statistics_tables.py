"""The statistics of many jobs as tables for people: a terminal's, an artifact's in the Prefect UI, a report's."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import pandas as pd

from interfaces.job_status import BY
from interfaces.job_summaries import VERDICT
from interfaces.previews.texts import markdown_text
from interfaces.reports.words import DASH, bytes_text, digest_text, euro_text, seconds_text

Text = Callable[[Any], str]
Table = tuple[list[str], list[list[str]]]
"""Header and rows, of plain text."""

MOST_ROWS = 100
"""Rows that a page lists; the CSV files have them all."""


def jobs_table(table: pd.DataFrame) -> Table:
    """What ran, and how it went.

    Args:
        table: From `ComponentJobManager.summary`, or `JobStatistics.by_image`.
    """
    named: dict[str, tuple[str, Text]] = {name: (name, _NAMES.get(name, str)) for name in BY if name in table}
    header, rows = _told(table, named | _JOBS)
    failures = [_failures(row) for row in table.to_dict("records")]
    return [*header, "failures"], [[*row, told] for row, told in zip(rows, failures, strict=True)]


def days_table(table: pd.DataFrame) -> Table:
    """What ran on each day.

    Args:
        table: `JobStatistics.by_day`.
    """
    return _told(table, _DAYS)


def failures_table(table: pd.DataFrame) -> Table:
    """What went wrong, how often, and what to try.

    Args:
        table: `JobStatistics.failures`.
    """
    return _told(table, _FAILURES)


def limits_table(table: pd.DataFrame) -> Table:
    """Limits that past runs speak for; no rows where there are too few.

    Args:
        table: `JobStatistics.limits`.
    """
    return _told(table[table["memory_gb"].notna()], _LIMITS)


def markdown(header: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown, of its first `MOST_ROWS` rows; what is in a cell is shown and not obeyed."""
    shown = [header, *rows[:MOST_ROWS]]
    told = [[markdown_text(cell) for cell in line] for line in shown]
    lines = [told[0], ["---"] * len(header), *told[1:]]
    text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    left = len(rows) - MOST_ROWS
    return f"{text}\n\n{left:,} more rows are not shown here." if left > 0 else text


def _told(table: pd.DataFrame, columns: Mapping[str, tuple[str, Text]]) -> Table:
    return [title for title, _ in columns.values()], [
        [text(row[name]) for name, (_, text) in columns.items()] for row in table.to_dict("records")
    ]


def _known(value: Any) -> bool:
    return value is not None and not pd.isna(value)


def _if_known(text: Text) -> Text:
    return lambda value: text(value) if _known(value) else DASH


def _failures(row: Mapping[Hashable, Any]) -> str:
    counts = {str(name).removeprefix(VERDICT): row[name] for name in row if str(name).startswith(VERDICT)}
    return ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in counts.items() if count) or DASH


_SECONDS, _BYTES, _EURO = _if_known(seconds_text), _if_known(bytes_text), _if_known(euro_text)
_NAMES: dict[str, Text] = {"image": digest_text, "day": lambda day: f"{day:%Y-%m-%d}"}
_JOBS: dict[str, tuple[str, Text]] = {
    "jobs": ("jobs", str),
    "succeeded": ("succeeded", str),
    "failed": ("failed", str),
    "cancelled": ("cancelled", str),
    "mean_duration_s": ("mean duration", _SECONDS),
    "median_duration_s": ("median", _SECONDS),
    "p95_duration_s": ("p95", _SECONDS),
    "median_waiting_s": ("median waiting", _SECONDS),
    "p95_waiting_s": ("p95 waiting", _SECONDS),
    "p95_peak_memory_bytes": ("p95 memory", _BYTES),
    "max_peak_memory_bytes": ("most memory", _BYTES),
    "total_cost_euro_millicents": ("cost", _EURO),
}
_DAYS: dict[str, tuple[str, Text]] = {
    "day": ("day (UTC)", _NAMES["day"]),
    "jobs": ("jobs", str),
    "succeeded": ("succeeded", str),
    "failed": ("failed", str),
    "cancelled": ("cancelled", str),
    "mean_duration_s": ("mean duration", _SECONDS),
    "mean_waiting_s": ("mean waiting", _SECONDS),
    "total_cost_euro_millicents": ("cost", _EURO),
}
_FAILURES: dict[str, tuple[str, Text]] = {
    "component": ("component", str),
    "image": ("image", digest_text),
    "verdict": ("verdict", lambda kind: str(kind).replace("_", " ")),
    "jobs": ("jobs", str),
    "part": ("of all", lambda part: f"{100 * part:.3g} %"),
    "newest": ("newest", lambda created: f"{created.to_pydatetime().astimezone():%Y-%m-%d %H:%M}"),
    "newest_job": ("newest job", lambda job: str(job)[:8] or DASH),
    "advice": ("what to try", str),
}
_LIMITS: dict[str, tuple[str, Text]] = {
    "component": ("component", str),
    "image": ("image", digest_text),
    "memory_gb": ("memory_gb", lambda value: f"{value:g}"),
    "time_limit": ("time_limit", lambda value: f"{value:.0f}"),
    "runs": ("from runs", lambda value: f"{value:.0f}"),
    "max_needed_memory_bytes": ("most memory needed", _BYTES),
    "max_exec_duration_s": ("longest run", _SECONDS),
    "out_of_memory": ("out of memory", str),
    "out_of_time": ("out of time", str),
}
