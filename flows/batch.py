"""Many cases through one component or graph: a table in, a table out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from flows.batch_progress import Clock, reported
from flows.calling import component_flow
from flows.case_run import UNEXPECTED, run_case
from flows.component_job import current_flow_run_id
from flows.placing import placed_at_once
from interfaces.access import checked_output
from interfaces.batch_records import SomeCases
from interfaces.batch_results import BatchResults, open_results
from interfaces.batch_rows import CaseOutcome, read_table, row_of
from interfaces.batch_summary import BatchSummary, Tally
from interfaces.cases import Case, CaseSource
from interfaces.engine import get_engine
from interfaces.errors import DefinitionError, ServiceUnavailable
from interfaces.settings import get_settings
from interfaces.site import get_site
from tasks.in_thread import in_thread
from tasks.keep_batch import kept_batch
from tasks.read_cases import Runnable, find_runnable, open_cases
from tasks.run_pages import show_batch, with_parts

CASES_PER_CORE = 2
"""So many cases are begun at a time where nothing else is said: while a container of one runs, another's inputs are
checked or its outputs taken. How many containers run is decided by `tasks.admission`."""

KEPT_AT_ONCE = 1_000
"""Rows of before that are passed over in one go; in between, a cancellation is heard."""

BROKEN_IN_A_ROW = 20
"""Cases that break off one after another for reasons of our own; then the rest would too."""


def _run_name(parameters: Mapping[str, Any]) -> str:
    return f"{parameters['name']} over cases"


@component_flow(name="run-batch", named_by=_run_name)
async def run_batch(
    name: str,
    cases: Any,
    *,
    results: str | Path | None = None,
    parallel: int | None = None,
    refresh: bool = False,
) -> pd.DataFrame:
    """Run every case through a component or graph.

    What is wrong with the cases as a whole (their file, its columns, their ids) is told before anything runs. A single
    case that is invalid or fails is set aside, and the others go on. Earlier successes of the same work are taken, so
    that to call it again runs only what failed; a file of results is gone on with without looking at them at all.

    Args:
        name: Slug of the component or graph.
        cases: A CSV file or a folder (a path), an archive (its slug), a DataFrame or a list of dicts: one row a case,
            the inputs in columns, with an id under `case` if wanted. See docs/how-to/batch.md.
        results: Where to write the table as CSV, too. While the batch runs, its rows are in a ``.part`` beside it.
        parallel: Most cases that run at a time; None: the setting `parallel_cases`, else by the machine.
        refresh: Whether to run all cases anew, whatever was done before.

    Returns:
        One row a case, in their order: case, status (SUCCESS, FAILURE, or CANCELLED, also for invalid inputs), message,
        a column for each output, job, duration_s and peak_memory_bytes; see `interfaces.batch_rows.read_table`.

    Raises:
        CasesInvalid: The cases can't be used; `.problems` holds every reason.
        UnknownName: There is no such component or graph, or no such file, folder or archive.
        DefinitionError: The results can't be written there.
        EngineUnavailable: No container engine answers.
    """
    runnable = await in_thread(find_runnable, name)
    with get_site().scratch() as folder:
        path = checked_output(results) if results is not None else folder / "results.csv"
        await _run(runnable, cases, path, parallel=parallel, refresh=refresh, is_kept=results is not None)
        return await in_thread(read_table, path, runnable.outputs)


@component_flow(name="run-batch", named_by=_run_name)
async def run_batch_to_file(
    name: str, cases: Any, results: str | Path, *, parallel: int | None = None, refresh: bool = False
) -> BatchSummary:
    """The same as `run_batch`, without a table in memory: for a million cases.

    Returns:
        How many cases succeeded and failed, and why.
    """
    runnable = await in_thread(find_runnable, name)
    return await _run(runnable, cases, checked_output(results), parallel=parallel, refresh=refresh)


arun_batch = run_batch.aio
"""The async twin of `run_batch`."""

arun_batch_to_file = run_batch_to_file.aio
"""The async twin of `run_batch_to_file`."""


async def _run(
    runnable: Runnable, cases: Any, path: Path, *, parallel: int | None, refresh: bool, is_kept: bool = True
) -> BatchSummary:
    parallel = await in_thread(_parallel, parallel)
    source = await in_thread(open_cases, cases, runnable.inputs)
    started_at = datetime.now(UTC)
    with ExitStack() as stack:
        opened = open_results(path, list(runnable.outputs), anew=refresh)
        results = await in_thread(stack.enter_context, opened)  # reading those of before can take a while
        batch = _Batch(runnable=runnable, source=source, results=results, refresh=refresh)
        clock = Clock(tally=batch.tally, total=source.count, parallel=parallel, components=runnable.components)
        async with reported(clock):
            await with_parts(batch.run(parallel), count=None)
        await in_thread(results.finish)
    summary = batch.summary(time.monotonic() - clock.started, results=path if is_kept else None)
    record = await in_thread(kept_batch, summary, batch.some, started_at=started_at)
    await show_batch(record)
    return summary


def _parallel(wanted: int | None) -> int:
    engine = get_engine()  # also where the number is given: without one, no case could be run
    number = wanted or get_settings().parallel_cases or placed_at_once() or CASES_PER_CORE * engine.info().cpus
    if wanted is not None and wanted < 1:
        raise DefinitionError(f"{wanted} cases at a time are too few; give 1 or more")
    return number


@dataclass(kw_only=True)
class _Batch:
    """The cases of one call. A fixed number of workers takes one after another, so that only so many are in memory."""

    runnable: Runnable
    source: CaseSource
    results: BatchResults
    refresh: bool
    tally: Tally = field(default_factory=Tally)
    some: SomeCases = field(default_factory=SomeCases)
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    _broken_in_a_row: int = 0

    async def run(self, parallel: int) -> None:
        """Run all cases that are not done."""
        with closing(self._pending()) as pending:
            try:
                async with asyncio.TaskGroup() as group:
                    for _ in range(min(parallel, self.source.count)):
                        group.create_task(self._work(pending))
            except BaseExceptionGroup as several:
                raise several.exceptions[0] from None

    def _pending(self) -> Generator[tuple[int, Case, str] | None, None, None]:
        """The cases that must be run, with their place and fingerprint; now and then None, which means nothing."""
        passed = 0
        for number, case in enumerate(self.source.read()):
            fingerprint = case.fingerprint(self.runnable.identity)
            if case.problems or not self.results.keep(number, case.id, fingerprint):
                yield number, case, fingerprint
                continue
            self.tally.kept += 1
            passed += 1
            if passed % KEPT_AT_ONCE == 0:
                yield None

    async def _work(self, pending: Iterator[tuple[int, Case, str] | None]) -> None:
        while True:
            async with self._reading:
                try:
                    found = await in_thread(_next, pending)
                except _AllRead:
                    return
            if found is None:
                continue
            number, case, fingerprint = found
            outcome = await run_case(self.runnable, case, refresh=self.refresh)
            row = await in_thread(row_of, case.id, outcome, fingerprint)
            self.results.add(number, row)
            self.tally.count(case.id, outcome.status, outcome.message)
            self.some.add(case.id, outcome)
            self._give_up_where_all_break(outcome)

    def _give_up_where_all_break(self, outcome: CaseOutcome) -> None:
        self._broken_in_a_row = self._broken_in_a_row + 1 if outcome.message == UNEXPECTED else 0
        if self._broken_in_a_row >= BROKEN_IN_A_ROW:
            raise ServiceUnavailable(
                f"{BROKEN_IN_A_ROW} cases in a row broke off, which is not their fault; see the log of the last one, "
                "and run the same again to go on"
            )

    def summary(self, seconds: float, *, results: Path | None) -> BatchSummary:
        """How it went."""
        tally = self.tally
        return BatchSummary(
            name=self.runnable.name,
            cases=self.source.count,
            succeeded=tally.succeeded + tally.kept,
            kept=tally.kept,
            failed=tally.failed,
            reasons=tally.reasons,
            seconds=seconds,
            results=results,
            flow_run_id=current_flow_run_id(),
        )


class _AllRead(Exception):
    """There is no further case. StopIteration can't come out of a thread into a coroutine."""


def _next(pending: Iterator[tuple[int, Case, str] | None]) -> tuple[int, Case, str] | None:
    try:
        return next(pending)
    except StopIteration:
        raise _AllRead from None
