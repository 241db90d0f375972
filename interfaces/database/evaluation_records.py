"""Submissions to phases in the database, with their cases."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import String, cast, func, select, update
from sqlalchemy.orm import Session

from interfaces.database.evaluation_tables import EvaluatedCaseRow, EvaluationRow
from interfaces.database.in_parts import in_parts
from interfaces.errors import InvalidMove, UnknownName
from interfaces.evaluations import EvaluatedCase, Evaluation, FailedCases
from interfaces.job_status import FINAL, JobStatus
from interfaces.value import ComponentInterfaceValue, find_values

_SAME = ("created", "completed_at", "algorithm", "version", "error_message", "runner", "flow_run_id")
"""Fields that have the same name and form in the record and in the row."""


def save_evaluation(session: Session, evaluation: Evaluation) -> None:
    """Write a submission's record.

    Raises:
        InvalidMove: It has ended in the database.
    """
    columns = {
        **{name: getattr(evaluation, name) for name in _SAME},
        "status": evaluation.status.value,
        "phase_slug": evaluation.phase,
        "failed_cases": evaluation.failed_cases.value,
        "job_id": evaluation.job,
        "metrics_pk": evaluation.metrics.pk if evaluation.metrics else None,
    }
    open_ones = (EvaluationRow.id == evaluation.id) & EvaluationRow.status.not_in([one.value for one in FINAL])
    if session.execute(update(EvaluationRow).where(open_ones).values(**columns)).rowcount:  # type: ignore[attr-defined]
        return
    if session.get(EvaluationRow, evaluation.id) is not None:
        raise InvalidMove(f"the evaluation {evaluation.id} has ended; that can't be changed")
    session.add(EvaluationRow(id=evaluation.id, **columns))
    session.flush()


def add_case(session: Session, evaluation: UUID, position: int, case: EvaluatedCase) -> None:
    """Write what an algorithm made of a case; its place among the cases counts from 0."""
    session.add(
        EvaluatedCaseRow(
            evaluation_id=evaluation,
            position=position,
            name=case.name,
            pk=case.pk,
            version=case.version,
            jobs={node: str(job) for node, job in case.jobs.items()},
            inputs=[value.pk for value in case.inputs.values()],
            outputs=[value.pk for value in case.outputs.values()],
            exec_duration_s=case.exec_duration_s,
            invoke_duration_s=case.invoke_duration_s,
            error_message=case.error_message,
        )
    )
    session.flush()


def load_cases(session: Session, evaluation: UUID) -> list[EvaluatedCase]:
    """What the algorithm made of the cases, in their order."""
    query = select(EvaluatedCaseRow).where(EvaluatedCaseRow.evaluation_id == evaluation)
    rows = session.scalars(query.order_by(EvaluatedCaseRow.position)).all()
    values = _find_values(session, {pk for row in rows for pk in (*row.inputs, *row.outputs)})

    def by_slug(pks: Iterable[int]) -> dict[str, ComponentInterfaceValue]:
        return {values[pk].interface.slug: values[pk] for pk in pks}

    return [
        EvaluatedCase(
            name=row.name,
            pk=row.pk,
            version=row.version,
            jobs={node: UUID(job) for node, job in row.jobs.items()},
            inputs=by_slug(row.inputs),
            outputs=by_slug(row.outputs),
            exec_duration_s=row.exec_duration_s,
            invoke_duration_s=row.invoke_duration_s,
            error_message=row.error_message,
        )
        for row in rows
    ]


def load_evaluation(session: Session, evaluation: UUID | str) -> Evaluation:
    """The submission with that id, or the start of one.

    Raises:
        UnknownName: None or several have it.
    """
    start = str(evaluation).replace("-", "").lower()
    condition = func.replace(cast(EvaluationRow.id, String), "-", "").startswith(start, autoescape=True)
    rows = session.scalars(select(EvaluationRow).where(condition).limit(2)).all()
    if len(rows) != 1:
        what = f"several evaluations have an id that starts with '{evaluation}'" if rows else f"no evaluation '{start}'"
        raise UnknownName(f"{what} is known; 'component-flows leaderboard PHASE --submissions' lists them")
    return _records(session, rows)[0]


def list_evaluations(session: Session, phase: str, *, status: JobStatus | None = None) -> list[Evaluation]:
    """The submissions to a phase, the oldest first; in a few queries, however many they are."""
    query = select(EvaluationRow).where(EvaluationRow.phase_slug == phase).order_by(EvaluationRow.created)
    if status is not None:
        query = query.where(EvaluationRow.status == status.value)
    return _records(session, session.scalars(query).all())


def _records(session: Session, rows: Iterable[EvaluationRow]) -> list[Evaluation]:
    rows = list(rows)
    metrics = _find_values(session, {row.metrics_pk for row in rows if row.metrics_pk is not None})
    return [
        Evaluation(
            **{name: getattr(row, name) for name in _SAME},
            id=row.id,
            status=JobStatus(row.status),
            phase=row.phase_slug,
            failed_cases=FailedCases(row.failed_cases),
            job=row.job_id,
            metrics=metrics[row.metrics_pk] if row.metrics_pk is not None else None,
        )
        for row in rows
    ]


def _find_values(session: Session, pks: set[int]) -> dict[int, ComponentInterfaceValue]:
    return {pk: value for some in in_parts(pks) for pk, value in find_values(session, some).items()}
