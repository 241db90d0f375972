"""Runs of graphs in the database: written as a run begins, now and then while it runs, and once when it has ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import String, cast, func, select, update
from sqlalchemy.orm import Session

from interfaces.crates.records import GraphRecord
from interfaces.database.graph_records import graph_from_json, graph_json
from interfaces.database.in_parts import in_parts
from interfaces.database.inserting import insert_if_new
from interfaces.database.job_records import load_jobs
from interfaces.database.run_tables import GraphRunRow
from interfaces.errors import UnknownName
from interfaces.graph import Graph
from interfaces.graph_values import Carried
from interfaces.owners import Owner
from interfaces.value import ComponentInterfaceValue, find_values

_MESSAGE_LENGTH = 1024


def save_graph_run(session: Session, record: GraphRecord) -> None:
    """Keep a run that has ended; one that is kept as ended already stays as it is."""
    _save(session, record, completed_at=record.completed_at)


def save_unfinished_graph_run(session: Session, record: GraphRecord) -> None:
    """Keep a run as far as it has come, so that a process that is killed leaves that much; this process runs it."""
    _save(session, record, completed_at=None)


def _save(session: Session, record: GraphRecord, *, completed_at: datetime | None) -> None:
    columns = {
        "id": record.id,
        "graph_slug": record.graph.slug,
        "definitions": [_document(one) for one in (record.graph, *record.graphs.values())],
        "inputs": {name: _pks(value) for name, value in record.inputs.items()},
        "outputs": {name: _pks(value) for name, value in record.outputs.items()},
        "jobs": {path: str(job.id) for path, job in record.jobs.items()},
        "left_out": dict(record.left_out),
        "reused": sorted(record.reused),
        "software": dict(record.software),
        "run_by": record.run_by[:255],
        "error_message": record.error_message[:_MESSAGE_LENGTH],
        "started_at": record.started_at,
        "completed_at": completed_at,
        "runner": str(Owner.current()),
    }
    if insert_if_new(session, GraphRunRow, columns, unique=["id"]):
        return
    open_one = (GraphRunRow.id == record.id) & GraphRunRow.completed_at.is_(None)
    session.execute(update(GraphRunRow).where(open_one).values(**columns))


def find_graph_run(session: Session, start: str) -> GraphRecord | None:
    """The kept run whose id is that or starts so; None where none does.

    One that has not ended is told as far as it has come, with an error message that says so.

    Raises:
        UnknownName: Several do.
    """
    digits = func.replace(cast(GraphRunRow.id, String), "-", "")
    query = select(GraphRunRow).where(digits.startswith(start.replace("-", "").lower(), autoescape=True)).limit(2)
    rows = session.scalars(query).all()
    if len(rows) > 1:
        raise UnknownName(f"several runs of graphs have an id that starts with '{start}'; give more of it")
    return _record(session, rows[0]) if rows else None


def _document(graph: Graph) -> dict[str, Any]:
    return {"slug": graph.slug, "title": graph.title, "definition": graph_json(graph)}


def _pks(value: Carried) -> int | list[int]:
    return value.pk if isinstance(value, ComponentInterfaceValue) else [one.pk for one in value]


def _record(session: Session, row: GraphRunRow) -> GraphRecord:
    graphs = {
        one["slug"]: graph_from_json(one["definition"], slug=one["slug"], title=one["title"]) for one in row.definitions
    }
    kept = [*row.inputs.values(), *row.outputs.values()]
    pks = {pk for one in kept for pk in (one if isinstance(one, list) else [one])}
    found = {pk: value for some in in_parts(pks) for pk, value in find_values(session, some).items()}
    jobs = load_jobs(session, {UUID(one) for one in row.jobs.values()})
    return GraphRecord(
        id=row.id,
        graph=graphs.pop(row.graph_slug),
        graphs=graphs,
        inputs=_values(row.inputs, found),
        outputs=_values(row.outputs, found),
        jobs={path: jobs[UUID(one)] for path, one in row.jobs.items()},
        left_out=row.left_out,
        reused=frozenset(row.reused),
        started_at=row.started_at,
        completed_at=row.completed_at or max((one.modified for one in jobs.values()), default=row.started_at),
        error_message=row.error_message if row.completed_at is not None else _unfinished(row),
        run_by=row.run_by,
        software=row.software,
    )


def _unfinished(row: GraphRunRow) -> str:
    owner = Owner.from_text(row.runner)
    if owner is not None and owner.is_alive() is False:
        return "The process that ran it went away before it had ended"
    return "It has not ended yet, as far as is known"


def _values(kept: dict[str, Any], found: dict[int, ComponentInterfaceValue]) -> dict[str, Carried]:
    return {name: tuple(found[pk] for pk in one) if isinstance(one, list) else found[one] for name, one in kept.items()}
