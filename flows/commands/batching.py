"""``batch``: many cases through one component or graph."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from flows.batch_progress import BatchProgress
    from interfaces.batch_summary import BatchSummary

FAILED = 1
LINE_EVERY_S = 10.0
"""Between two lines of progress where there is no terminal to draw a bar in."""


@click.command()
@click.argument("name")
@click.argument("cases")
@click.option(
    "-o", "--output", "results", required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="RESULTS.csv",
    help="Write one row a case there; where it is there already, only what failed or changed is run.",
)  # fmt: skip
@click.option("--parallel", type=click.IntRange(min=1), help="Most cases that run at a time.")
@click.option("--refresh", is_flag=True, help="Run all cases anew, whatever was done before.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def batch(name: str, cases: str, results: Path, parallel: int | None, refresh: bool, as_json: bool) -> None:
    """Run every case of CASES through a registered component or graph.

    CASES is a CSV file with one row a case, a folder with one folder a case, or an archive. Exit code 1 where a case
    failed; the results of all are written then, too.
    """
    # A case logs a dozen lines, which are in the Prefect UI as well; the variable shows them here, too.
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    from flows.batch import run_batch_to_file
    from flows.commands.describing import print_json

    with cases_shown() as shown:
        try:
            summary = run_batch_to_file(name, cases, results, parallel=parallel, refresh=refresh)
        except (KeyboardInterrupt, SystemExit):
            shown.close()
            if shown.last is not None:
                click.echo(f"{shown.last.text} are done and kept; run the same again to go on", err=True)
            raise
    if as_json:
        print_json(summary.model_dump(mode="json"))
    else:
        _print(summary)
    if summary.failed:
        raise click.exceptions.Exit(FAILED)


def _print(summary: BatchSummary) -> None:
    from flows.commands.describing import seconds_text

    before = f", {summary.kept} of them before" if summary.kept else ""
    click.echo(f"{summary.succeeded} of {summary.cases} cases succeeded{before}, in {seconds_text(summary.seconds)}")
    for reason in summary.reasons:
        more = ", ..." if reason.count > len(reason.cases) else ""
        click.echo(f"{reason.count} failed: {reason.message} ({', '.join(reason.cases)}{more})")
    click.echo(f"results: {summary.results}")


@contextmanager
def cases_shown() -> Iterator[_Shown]:
    """Show on stderr how far the cases are that are run within this."""
    from flows.batch_progress import shown_by

    with _Shown.on_stderr() as shown, shown_by(shown):
        yield shown


class _Shown:
    """Shows progress: a bar that is drawn again on a terminal, a line now and then elsewhere.

    Attributes:
        last: What was told last.
    """

    def __init__(self) -> None:
        self.last: BatchProgress | None = None

    def __call__(self, progress: BatchProgress) -> None:
        self.last = progress
        self.draw(progress)

    def draw(self, progress: BatchProgress) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """Draw no more."""

    @staticmethod
    @contextmanager
    def on_stderr() -> Iterator[_Shown]:
        """What fits stderr."""
        shown = _Bar() if sys.stderr.isatty() else _Lines()
        try:
            yield shown
        finally:
            shown.close()


class _Lines(_Shown):
    def __init__(self) -> None:
        super().__init__()
        self._told = time.monotonic()

    def draw(self, progress: BatchProgress) -> None:
        if time.monotonic() - self._told >= LINE_EVERY_S:
            self._told = time.monotonic()
            click.echo(f"{progress.text}{_left(progress)}", err=True)


class _Bar(_Shown):
    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        super().__init__()
        columns = (BarColumn(), TextColumn("{task.description}", markup=False))
        self._progress = Progress(*columns, console=Console(stderr=True))
        self._task = self._progress.add_task("looking through the cases", total=None)
        self._progress.start()

    def draw(self, progress: BatchProgress) -> None:
        text = f"{progress.text}{_left(progress)}"
        self._progress.update(self._task, total=progress.total, completed=progress.done, description=text)

    def close(self) -> None:
        self._progress.stop()


def _left(progress: BatchProgress) -> str:
    from flows.commands.describing import seconds_text

    return f", about {seconds_text(progress.left_s)} left" if progress.left_s is not None and progress.left_s else ""
