"""A report as one HTML file: of a run, or of a period."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from interfaces.errors import ServiceUnavailable
from interfaces.job_statistics import job_statistics
from interfaces.reports.gallery import Gallery
from interfaces.reports.html import run_page
from interfaces.reports.period import period_page
from interfaces.reports.record import Links
from interfaces.settings import get_settings
from interfaces.statistics_charts import drawn, statistics_charts
from tasks.run_reports import find_report, input_origins

MOST_PREVIEW_BYTES = 32 * 2**20
PREVIEW_S = 120.0
WIDTH_PX = 1000
_MOST_INPUTS = 500


def write_run_report(run: str, path: Path | None = None, *, links: Links | None = None) -> Path:
    """Write what a run was as an HTML file.

    Args:
        run: The id of a job, a graph's run, a batch or an evaluation, or the start of it; or that of its Prefect run.
        path: The file, which is replaced; None: in the folder ``reports`` of the home folder, named by the run.
        links: Where the Prefect UI has what the report names; None: it has no addresses.

    Raises:
        UnknownName: There is no such run, or there are several.
        ServiceUnavailable: The file can't be written.
    """
    report = find_report(run)
    gallery = Gallery(most_bytes=MOST_PREVIEW_BYTES, seconds=PREVIEW_S, width_px=WIDTH_PX)
    origins = input_origins(report, _MOST_INPUTS)
    page = run_page(report, gallery, replace(links or Links(), origins=origins))
    return _written(page, path or reports_folder() / f"{report.kind}-{report.id}.html")


def write_period_report(
    since: datetime | None, until: datetime | None, path: Path | None = None, *, component: str | None = None
) -> Path:
    """Write what the jobs of a period were like as an HTML file.

    Args:
        since: First moment of creation; None: from the beginning.
        until: Last moment of creation; None: up to now.
        path: The file, which is replaced; None: in the folder ``reports`` of the home folder.
        component: Slug of one component; None: all.

    Raises:
        ServiceUnavailable: The file can't be written.
    """
    statistics = job_statistics(component, since=since, until=until)
    charts = statistics_charts(statistics)
    page = period_page(statistics, list(zip(charts, drawn(charts), strict=True)))
    name = f"{'jobs' if component is None else component}-{until or datetime.now():%Y-%m-%d}.html"
    return _written(page, path or reports_folder() / name)


def reports_folder() -> Path:
    """Where reports are written unless told otherwise."""
    return get_settings().home_folder / "reports"


def _written(page: str, path: Path) -> Path:
    """Whole or not at all: who opens it meanwhile sees the one of before."""
    path = path.expanduser().absolute()
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(page, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise ServiceUnavailable(f"the report can't be written to {path}: {error.strerror or error}") from error
    return path
