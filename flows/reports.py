"""Reports of runs and of periods, as HTML files and as pages in the Prefect UI."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flows.calling import component_flow
from interfaces.access import checked_output
from interfaces.errors import DefinitionError
from interfaces.periods import moment
from tasks.in_thread import in_thread
from tasks.run_pages import show_file, show_run
from tasks.write_report import write_period_report, write_run_report


def _run_name(parameters: Mapping[str, Any]) -> str:
    run, since = parameters.get("run"), parameters.get("since")
    return f"report of {str(run)[:8]}" if run else f"report since {since or 'the beginning'}"


@component_flow(name="report", named_by=_run_name)
async def report(
    run: str | None = None,
    *,
    since: str | None = None,
    until: str | None = None,
    component: str | None = None,
    output: Path | None = None,
) -> Path:
    """Write a report as one HTML file that needs nothing else, and show in the Prefect UI where it is.

    Of a run, the UI gets the run's page as well: so any job has one, also a node of a large graph or a case.

    Args:
        run: The id of a job, a graph's run, a batch or an evaluation, or the start of it; or that of its Prefect run.
            None: the report is of a period.
        since: Only jobs that were created from then on: an age (``30d``) or a date; None: from the beginning.
        until: Only jobs that were created up to then.
        component: Slug of the one component that a period's report is of; None: all.
        output: The file, which is replaced; None: one in the folder ``reports`` of the home folder.

    Returns:
        The file.

    Raises:
        UnknownName: There is no such run, or there are several.
        DefinitionError: Both a run and a period are named, or `since` or `until` is neither an age nor a date.
        ServiceUnavailable: The file can't be written.
    """
    check_one_subject(run, since, until, component)
    output = checked_output(output) if output is not None else None
    if run is not None:
        path = await in_thread(write_run_report, run, output)
        await show_run(run)
    else:
        first, last = (moment(one) if one else None for one in (since, until))
        path = await in_thread(write_period_report, first, last, output, component=component)
    await show_file(path)
    return path


def check_one_subject(run: str | None, *period: str | None) -> None:
    """A report is of a run or of a period.

    Raises:
        DefinitionError: Both are named.
    """
    if run is not None and any(period):
        raise DefinitionError("a report is of one run or of a period; name a run, or leave it out and say since when")


areport = report.aio
"""The async twin of `report`."""
