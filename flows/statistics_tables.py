"""The statistics of many jobs as tables for people: a terminal's, or an artifact's in the Prefect UI."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import pandas as pd

from flows.commands.describing import memory_text, seconds_text
from interfaces.job_summaries import BY, VERDICT

Text = Callable[[Any], str]

MILLICENTS_PER_EURO = 100_000


def jobs_table(table: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Header and rows: what ran, and how it went.

    Args:
        table: From `tasks.job_statistics.summarised`.
    """
    named: dict[str, tuple[str, Text]] = {name: (name, _NAMES.get(name, str)) for name in BY if name in table}
    header = [title for title, _ in (*named.values(), *_JOBS.values())]
    return [*header, "failures"], [
        [text(row[name]) for name, (_, text) in (named | _JOBS).items()] + [_failures(row)]
        for row in table.to_dict("records")
    ]


def limits_table(table: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Header and rows: limits that past runs speak for; no rows where there are too few.

    Args:
        table: From `tasks.job_statistics.summarised`, by component and image.
    """
    return [title for title, _ in _LIMITS.values()], [
        [text(row[name]) for name, (_, text) in _LIMITS.items()]
        for row in table.to_dict("records")
        if _known(row.get("suggested_memory_gb"))
    ]


def markdown(header: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _known(value: Any) -> bool:
    return value is not None and not pd.isna(value)


def _seconds(value: Any) -> str:
    return seconds_text(float(value) if _known(value) else None)


def _memory(value: Any) -> str:
    return memory_text(int(value) if _known(value) else None)


def _euro(value: Any) -> str:
    return f"{value / MILLICENTS_PER_EURO:.2f} EUR" if _known(value) else "-"


def _failures(row: Mapping[Hashable, Any]) -> str:
    counts = {str(name).removeprefix(VERDICT): row[name] for name in row if str(name).startswith(VERDICT)}
    return ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in counts.items() if count) or "-"


_NAMES: dict[str, Text] = {
    "image": lambda image: str(image).removeprefix("sha256:")[:12],
    "day": lambda day: f"{day:%Y-%m-%d}",
}
_JOBS: dict[str, tuple[str, Text]] = {
    "jobs": ("jobs", str),
    "succeeded": ("succeeded", str),
    "failed": ("failed", str),
    "cancelled": ("cancelled", str),
    "mean_duration_s": ("mean duration", _seconds),
    "median_duration_s": ("median", _seconds),
    "p95_duration_s": ("p95", _seconds),
    "mean_waiting_s": ("mean waiting", _seconds),
    "p95_peak_memory_bytes": ("p95 memory", _memory),
    "max_peak_memory_bytes": ("most memory", _memory),
    "total_cost_euro_millicents": ("cost", _euro),
}
_LIMITS: dict[str, tuple[str, Text]] = {
    "component": ("component", str),
    "image": ("image", _NAMES["image"]),
    "suggested_memory_gb": ("memory_gb", lambda value: f"{value:g}"),
    "suggested_time_limit": ("time_limit", lambda value: f"{value:.0f}"),
    "runs": ("from runs", lambda value: f"{value:.0f}"),
}
