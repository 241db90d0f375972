"""A period as a page: durations, waiting, memory, cost and failures of all jobs, from the tables of the statistics."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime

from markupsafe import Markup

from interfaces.job_statistics import JobStatistics
from interfaces.reports.html import rendered
from interfaces.reports.words import DASH, euro_text, seconds_text, time_text
from interfaces.statistics_charts import Chart
from interfaces.statistics_tables import days_table, failures_table, jobs_table, limits_table


def period_page(
    statistics: JobStatistics, charts: Sequence[tuple[Chart, bytes]] = (), *, now: datetime | None = None
) -> str:
    """The jobs of a period as one HTML file.

    Args:
        statistics: The tables.
        charts: With their pictures (PNG).
        now: When the page is written; this moment unless given.
    """
    header, rows = days_table(statistics.by_day)
    return rendered(
        "period.html.j2",
        now=now,
        title="Jobs of a period",
        period=f"Created from {_bound(statistics.since, 'the beginning')} to {_bound(statistics.until, 'now')}",
        tiles=_tiles(statistics),
        jobs=jobs_table(statistics.by_image),
        failures=failures_table(statistics.failures),
        limits=limits_table(statistics.limits),
        days=(header, rows[::-1]),
        charts=[
            {
                "title": chart.title,
                "text": chart.text,
                "address": Markup(f"data:image/png;base64,{b64encode(picture).decode()}"),
            }
            for chart, picture in charts
        ],
    )


def _bound(moment: datetime | None, else_: str) -> str:
    return else_ if moment is None else time_text(moment)


def _tiles(statistics: JobStatistics) -> list[tuple[str, str]]:
    table = statistics.by_image
    if not statistics.jobs:
        return [("Jobs", "0")]
    succeeded, failed, cancelled = (int(table[name].sum()) for name in ("succeeded", "failed", "cancelled"))
    ended = succeeded + failed + cancelled
    known = table[table["mean_duration_s"].notna()]
    mean_s = (known["mean_duration_s"] * known["succeeded"]).sum() / max(1, known["succeeded"].sum())
    cost = table["total_cost_euro_millicents"].sum(min_count=1)
    return [
        ("Jobs", f"{statistics.jobs:,}"),
        (f"Succeeded ({100 * succeeded / ended:.3g} %)" if ended else "Succeeded", f"{succeeded:,}"),
        ("Failed", f"{failed:,}"),
        ("Cancelled", f"{cancelled:,}"),
        ("Mean duration", seconds_text(float(mean_s)) if len(known) else DASH),
        ("Cost", euro_text(float(cost)) if cost == cost else DASH),
    ]
