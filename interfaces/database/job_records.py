"""Jobs in the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Any, TypeVar
from typing import cast as cast_type
from uuid import UUID

from sqlalchemy import String, Table, Update, bindparam, cast, func, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from interfaces.cache_keys import inputs_part
from interfaces.component_images import ComponentImage
from interfaces.database.component_records import image_from_row, tarball_from_row
from interfaces.database.follow_up_records import add_follow_up
from interfaces.database.in_parts import in_parts
from interfaces.database.inserting import insert_all_if_new
from interfaces.database.lease_records import lease_end
from interfaces.database.tables import ImageRow, JobRow, JobValueRow, TarballRow
from interfaces.errors import InvalidMove, UnknownName
from interfaces.job_figures import packed
from interfaces.job_status import FINAL, JobStatus
from interfaces.jobs import ComponentJob
from interfaces.owners import Owner
from interfaces.tarballs import Tarball
from interfaces.value import ComponentInterfaceValue, find_values

_Version = TypeVar("_Version", ImageRow, TarballRow)

_SAME = (
    "created",
    "modified",
    "attempt",
    "time_limit",
    "requires_memory_gb",
    "requires_gpu_type",
    "stdout",
    "stderr",
    "error_message",
    "runtime_metrics",
    "compute_cost_euro_millicents",
    "started_at",
    "completed_at",
    "exec_duration_s",
    "peak_memory_bytes",
    "flow_run_id",
    "name",
    "cpu_seconds",
    "invoke_duration_s",
    "retry_of",
    "cache_key",
    "why",
)
"""Fields that have the same name and form in the record and in the row."""

_ENDED = [status.value for status in FINAL]

_UNDER_WAY = frozenset(
    {
        JobStatus.PROVISIONING,
        JobStatus.PROVISIONED,
        JobStatus.EXECUTING,
        JobStatus.EXECUTED,
        JobStatus.PARSING,
    }
)
"""Statuses in which a job's values stay what they are: with its inputs, and without outputs."""


def _columns(job: ComponentJob) -> dict[str, Any]:
    return {
        **{name: getattr(job, name) for name in _SAME},
        "status": job.status.value,
        "component_slug": job.component,
        "image_pk": job.image.pk,
        "tarball_pk": job.tarball.pk if job.tarball else None,
        "output_slugs": list(job.output_slugs),
        # As JSON has them, so that they compare equal to what is stored.
        "input_prefixes": {pk: one if isinstance(one, str) else list(one) for pk, one in job.input_prefixes.items()},
        "task_on_success": [job.task_on_success] if job.task_on_success else [],
        "task_on_failure": [job.task_on_failure] if job.task_on_failure else [],
        "detailed_error_message": dict(job.detailed_error_message),
        "verdict": [job.verdict] if job.verdict else [],
        "verdict_kind": str(job.verdict.get("kind", "")) if job.verdict else "",
        "figures": packed(job),
        "duration_s": job.duration.total_seconds() if job.duration is not None else None,
        "inputs_key": inputs_part(job.cache_key),
    }


def save_job(session: Session, job: ComponentJob) -> None:
    """Write a job's record, and with its final status what follows it.

    Raises:
        InvalidMove: The job has ended otherwise, or another process has taken it over since: what this one knows of it
            is no longer the truth.
    """
    owner = str(Owner.current())
    columns = _columns(job) | ({"claimed_key": None} if job.status.is_final else {})
    keys = {"this_job": job.id, "this_owner": owner, "this_status": job.status.value}
    if session.execute(_update(), {**columns, **keys}).rowcount:  # type: ignore[attr-defined]
        if (known := session.identity_map.get(identity_key(JobRow, job.id))) is not None:
            session.expire(known)
    else:
        _add_job(session, job, columns, owner)
    if job.status not in _UNDER_WAY:
        _link_values(session, job)
    if job.status.is_final and (reference := job.follow_up):
        add_follow_up(session, job.id, reference)


@cache
def _update() -> Update:
    """The statement that writes a job that is there, and neither another's nor ended otherwise."""
    table = cast_type(Table, JobRow.__table__)
    is_ours = table.c.lease_owner.in_(("", bindparam("this_owner")))
    may_be = table.c.status.not_in(_ENDED) | (table.c.status == bindparam("this_status"))
    return update(table).where(table.c.id == bindparam("this_job"), is_ours, may_be)


def _add_job(session: Session, job: ComponentJob, columns: Mapping[str, Any], owner: str) -> None:
    status, held_by = JobRow.status, JobRow.lease_owner
    found = session.execute(select(status, held_by).where(JobRow.id == job.id)).one_or_none()
    if found is not None:
        if found.lease_owner not in ("", owner):
            raise InvalidMove(f"the job {job.id} was taken over by another process; 'component-flows show' has its end")
        label = JobStatus(found.status).label
        raise InvalidMove(f"the job {job.id} has ended ({label}); that can't be changed")
    lease = {} if job.status.is_final else {"lease_owner": owner, "lease_until": lease_end()}
    session.add(JobRow(id=job.id, **columns, **lease))
    session.flush()


def _link_values(session: Session, job: ComponentJob) -> None:
    each = (("input", job.inputs.values()), ("output", job.outputs.values()), ("staged", job.staged))
    rows = [
        {"job_id": job.id, "direction": direction, "value_pk": value.pk}
        for direction, values in each
        for value in values
    ]
    insert_all_if_new(session, JobValueRow, rows, unique=("job_id", "direction", "value_pk"))


def load_job(session: Session, job_id: UUID | str) -> ComponentJob:
    """The job with that id, or the start of one.

    Raises:
        UnknownName: None or several have it.
    """
    if isinstance(job_id, UUID):
        condition = JobRow.id == job_id
    else:
        start = job_id.replace("-", "").lower()
        condition = func.replace(cast(JobRow.id, String), "-", "").startswith(start, autoescape=True)
    rows = session.scalars(select(JobRow).where(condition).limit(2)).all()
    if len(rows) != 1:
        what = f"several jobs have an id that starts with '{job_id}'" if rows else f"no job '{job_id}' is known"
        raise UnknownName(f"{what}; 'component-flows jobs' lists them")
    return _from_rows(session, rows)[0]


def list_jobs(session: Session, *, status: JobStatus | None = None, limit: int = 50) -> list[ComponentJob]:
    """The newest jobs, the newest first."""
    query = select(JobRow).order_by(JobRow.created.desc()).limit(limit)
    if status is not None:
        query = query.where(JobRow.status == status.value)
    return _from_rows(session, session.scalars(query))


def load_jobs(session: Session, ids: Collection[UUID]) -> dict[UUID, ComponentJob]:
    """Those jobs by id, in a few queries however many they are; one that is not known is left out."""
    rows = [row for some in in_parts(ids) for row in session.scalars(select(JobRow).where(JobRow.id.in_(some)))]
    return {job.id: job for job in _from_rows(session, rows)}


def _values(session: Session, ids: Collection[UUID]) -> dict[UUID, dict[str, dict[str, ComponentInterfaceValue]]]:
    """By job, the inputs and outputs by slug, and what is staged by pk."""
    query = select(JobValueRow)
    links = [one for some in in_parts(ids) for one in session.scalars(query.where(JobValueRow.job_id.in_(some)))]
    pks = {link.value_pk for link in links}
    values = {pk: value for some in in_parts(pks) for pk, value in find_values(session, some).items()}
    found: dict[UUID, dict[str, dict[str, ComponentInterfaceValue]]] = {
        job_id: {"input": {}, "output": {}, "staged": {}} for job_id in ids
    }
    for link in links:
        value = values[link.value_pk]
        name = str(value.pk) if link.direction == "staged" else value.interface.slug
        found[link.job_id][link.direction][name] = value
    return found


def _from_rows(session: Session, rows: Iterable[JobRow]) -> list[ComponentJob]:
    rows = list(rows)
    values = _values(session, [row.id for row in rows])
    images = _by_pk(session, ImageRow, {row.image_pk for row in rows})
    tarballs = _by_pk(session, TarballRow, {row.tarball_pk for row in rows if row.tarball_pk is not None})
    return [
        _from_row(
            row,
            values[row.id],
            image=image_from_row(images[row.image_pk]),
            tarball=tarball_from_row(tarballs[row.tarball_pk]) if row.tarball_pk is not None else None,
        )
        for row in rows
    ]


def _by_pk(session: Session, table: type[_Version], pks: Collection[int]) -> dict[int, _Version]:
    return {row.pk: row for some in in_parts(pks) for row in session.scalars(select(table).where(table.pk.in_(some)))}


def _from_row(
    row: JobRow,
    values: dict[str, dict[str, ComponentInterfaceValue]],
    *,
    image: ComponentImage,
    tarball: Tarball | None,
) -> ComponentJob:
    return ComponentJob(
        **{name: getattr(row, name) for name in _SAME},
        id=row.id,
        status=JobStatus(row.status),
        component=row.component_slug,
        image=image,
        tarball=tarball,
        inputs=values["input"],
        outputs=values["output"],
        output_slugs=tuple(row.output_slugs),
        staged=tuple(values["staged"].values()),
        input_prefixes=row.input_prefixes,
        task_on_success=row.task_on_success[0] if row.task_on_success else None,
        task_on_failure=row.task_on_failure[0] if row.task_on_failure else None,
        detailed_error_message=row.detailed_error_message,
        verdict=row.verdict[0] if row.verdict else None,
    )
