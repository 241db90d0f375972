"""The report of a run, from what the database has of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import String, cast, func, select
from sqlalchemy.orm import Session

from interfaces.batch_records import BatchRecord
from interfaces.database.batch_records import find_batch, origins
from interfaces.database.evaluation_records import load_cases, load_evaluation
from interfaces.database.evaluation_tables import EvaluationRow
from interfaces.database.graph_run_records import find_graph_run
from interfaces.database.in_parts import in_parts
from interfaces.database.job_records import load_job, load_jobs
from interfaces.database.run_tables import BatchRow, GraphRunRow
from interfaces.database.tables import JobRow
from interfaces.errors import UnknownName
from interfaces.evaluations import Evaluation
from interfaces.graph_values import values_in
from interfaces.job_status import JobStatus
from interfaces.reports.building import MOST_STEPS, Times, batch_report, evaluation_report, graph_report, job_report
from interfaces.reports.gallery import is_inline
from interfaces.reports.record import RunReport
from interfaces.site import get_site
from tasks.rank_evaluations import leaderboard_entries

_SHORTEST = 4
"""Digits of an id that are looked for at least; fewer name too much."""


def find_report(run: str) -> RunReport:
    """The report of a job, a graph's run, a batch or an evaluation.

    Args:
        run: Its id or the start of it, or that of its Prefect run.

    Raises:
        UnknownName: There is none, or there are several.
    """
    start = run.strip().replace("-", "").lower()
    with get_site().database.session() as session:
        found = _found(session, start)
        if len(found) != 1:
            kinds = ", ".join(f"{kind} {one}" for kind, one in found[:5])
            what = (
                f"'{run}' is several: {kinds}; give more of it"
                if found
                else f"no job, run or evaluation '{run}' is known"
            )
            raise UnknownName(f"{what}; 'component-flows jobs' lists jobs, the Prefect UI has the runs")
        kind, one = found[0]
        if kind == "job":
            return job_report(load_job(session, one))
        if kind == "graph run":
            record = find_graph_run(session, str(one))
            assert record is not None  # it was just found
            return graph_report(record)
        if kind == "batch":
            batch = find_batch(session, str(one))
            assert batch is not None  # it was just found
            return _batch(session, batch)
    return evaluation_run_report(one)


def _found(session: Session, start: str) -> list[tuple[str, UUID]]:
    """What has an id, or a Prefect run, that starts so."""
    if len(start) < _SHORTEST or not all(digit in "0123456789abcdef" for digit in start):
        return []
    columns: dict[str, tuple[Any, ...]] = {
        "job": (JobRow.id, JobRow.flow_run_id),
        "graph run": (GraphRunRow.id,),
        "batch": (BatchRow.id,),
        "evaluation": (EvaluationRow.id, EvaluationRow.flow_run_id),
    }
    found: list[tuple[str, UUID]] = []
    for kind, (own, *others) in columns.items():
        for column in (own, *others):
            digits = func.replace(cast(column, String), "-", "").startswith(start, autoescape=True)
            found += [(kind, one) for one in session.scalars(select(own).where(digits).limit(5))]
    return list(dict.fromkeys(found))


def batch_run_report(batch: BatchRecord) -> RunReport:
    """The report of a batch."""
    with get_site().database.session() as session:
        return _batch(session, batch)


def _batch(session: Session, batch: BatchRecord) -> RunReport:
    jobs = load_jobs(session, {case.job for case in batch.cases if case.job is not None})
    runs = {case.flow_run_id for case in batch.cases if case.flow_run_id is not None}
    return batch_report(batch, jobs=jobs, times=_times(session, runs))


def _times(session: Session, runs: set[UUID]) -> Times:
    query = select(GraphRunRow.id, GraphRunRow.started_at, GraphRunRow.completed_at)
    rows = [row for some in in_parts(runs) for row in session.execute(query.where(GraphRunRow.id.in_(some))).tuples()]
    return {one: (began, ended) for one, began, ended in rows}


def evaluation_run_report(evaluation: UUID | str) -> RunReport:
    """The report of an evaluation.

    Raises:
        UnknownName: There is no such evaluation.
    """
    with get_site().database.session() as session:
        record = load_evaluation(session, evaluation)
        cases = load_cases(session, record.id)
        wanted = [job for case in sorted(cases, key=lambda case: not case.failed) for job in case.jobs.values()]
        own = {record.job} if record.job is not None else set()
        jobs = load_jobs(session, {*wanted[:MOST_STEPS], *own})
    results = list(_results(record)) if record.status is JobStatus.SUCCESS else []
    return evaluation_report(record, cases, jobs, results=results)


def _results(evaluation: Evaluation) -> Iterable[tuple[str, str]]:
    phase, entries = leaderboard_entries(evaluation.phase, standing=evaluation.id)
    own = next((one for one in entries if one.evaluation == evaluation.id), None)
    if own is None:
        return
    if own.rank is not None:
        yield "Rank", f"{own.rank} of {sum(one.rank is not None for one in entries)}"
    for metric in phase.ranking:
        if metric.metric in own.scores:
            yield metric.title, f"{own.scores[metric.metric]:.6g}"
    for problem in own.problems:
        yield "Not ranked, since", problem


def input_origins(report: RunReport, most: int) -> dict[int, UUID]:
    """By pk of the first inputs' values, the Prefect run that gave each; not of what is a few characters of JSON."""
    values = [value for value in values_in(report.inputs) if not is_inline(value)][:most]
    if not values:
        return {}
    with get_site().database.session() as session:
        sha256s = {value.sha256 for value in values}
        found = {sha256: run for some in in_parts(sha256s) for sha256, run in origins(session, some).items()}
    runs = {value.pk: found.get(value.sha256) for value in values}
    return {pk: run for pk, run in runs.items() if run is not None and run != report.flow_run_id}
