"""``report``: a run, or a period, as one HTML file."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("run", required=False)
@click.option("--since", "--from", "since", help="Of jobs that were created from then on: an age (30d) or a date.")
@click.option("--until", "--to", "until", help="Of jobs that were created up to then.")
@click.option("--component", help="Of one component's jobs.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.html",
    help="The file, which is replaced; unless given, one in the folder 'reports' of the home folder.",
)
@click.option("--in-ui", is_flag=True, help="Show the page in the Prefect UI, too.")
def report(
    run: str | None,
    since: str | None,
    until: str | None,
    component: str | None,
    output: Path | None,
    in_ui: bool,
) -> None:
    """Write a report of a run, or of all jobs of a period, as one HTML file.

    RUN is the id of a job, a graph's run, a batch or an evaluation, or of its Prefect run, or the start of it. The file
    holds all it shows, asks for nothing, and opens from disk.
    """
    from flows.reports import check_one_subject
    from interfaces.periods import moment
    from tasks.write_report import write_period_report, write_run_report

    check_one_subject(run, since, until, component)
    if in_ui:
        from flows.reports import report as report_flow

        path = report_flow(run, since=since, until=until, component=component, output=output)
    elif run is not None:
        path = write_run_report(run, output)
    else:
        first, last = (moment(one) if one else None for one in (since, until))
        path = write_period_report(first, last, output, component=component)
    click.echo(path)
