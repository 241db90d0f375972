"""Make the record of a job: which image, which limits, what follows it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID, uuid4

from interfaces.component import Component, Method
from interfaces.component_images import ComponentImage
from interfaces.database.component_records import desired_image, desired_tarball, find_components
from interfaces.database.job_records import load_job
from interfaces.database.unneeded_records import renewed_jobs
from interfaces.engine import get_engine
from interfaces.errors import DefinitionError, UnknownName
from interfaces.gpu_leases import GpuMissing, check_gpu
from interfaces.jobs import ComponentJob
from interfaces.placements import Prefixes
from interfaces.settings import LimitSettings
from interfaces.site import get_site
from interfaces.tarballs import Tarball, TarballKind
from interfaces.value import ComponentInterfaceValue
from tasks.admission import check_capacity
from tasks.records import saved

_repeated: ContextVar[UUID | None] = ContextVar("component_flows_repeated_job", default=None)


@contextmanager
def repeating(job_id: UUID) -> Iterator[None]:
    """Within it, new jobs are made in place of one whose machine died, and name it."""
    token = _repeated.set(job_id)
    try:
        yield
    finally:
        _repeated.reset(token)


def create_job(
    slug: str,
    *,
    name: str = "",
    time_limit: int | None = None,
    memory_gb: float | None = None,
    input_prefixes: Prefixes | None = None,
    task_on_success: dict[str, Any] | None = None,
    task_on_failure: dict[str, Any] | None = None,
    flow_run_id: UUID | None = None,
    job_id: UUID | None = None,
    store: bool = True,
    tarball: Tarball | None = None,
    staged: tuple[ComponentInterfaceValue, ...] = (),
) -> ComponentJob:
    """Make and store a queued job.

    Args:
        slug: The component's.
        name: What the run is called.
        time_limit: Seconds, in place of the component's.
        memory_gb: GB (2**30 bytes), in place of the component's.
        input_prefixes: By a value's pk (as text), its path prefix below /input.
        task_on_success: See `tasks.chain`.
        task_on_failure: See `tasks.chain`.
        flow_run_id: The Prefect flow run that runs the job.
        job_id: The id of the new job; one is made unless given.
        store: Whether its record is written now.
        tarball: The ground truth, where the job is an evaluation; else the component's own model is taken.
        staged: Values that lie beside the inputs, where `input_prefixes` says.

    Raises:
        UnknownName: No such component, or it has no container image yet.
        DefinitionError: A limit is out of the site's bounds, or the component can't be run here.
    """
    site = get_site()
    with site.database.session() as session:
        component = find_components(session, [slug])[slug]
        image = desired_image(session, slug)
        if component.model:
            tarball = desired_tarball(session, owner=slug, kind=TarballKind.MODEL)
    time_limit = component.time_limit if time_limit is None else time_limit
    memory_gb = component.memory_gb if memory_gb is None else memory_gb
    check_runnable(component)
    check_limits(site.settings.limits, time_limit=time_limit, memory_gb=memory_gb)
    check_capacity(memory_gb=memory_gb)
    job = ComponentJob(
        id=job_id or uuid4(),
        component=slug,
        image=_executable(component, image),
        tarball=tarball,
        name=name,
        staged=staged,
        input_prefixes=dict(input_prefixes or {}),
        time_limit=time_limit,
        requires_memory_gb=memory_gb,
        requires_gpu_type=component.gpu_type,
        task_on_success=task_on_success,
        task_on_failure=task_on_failure,
        flow_run_id=flow_run_id,
        retry_of=_repeated.get(),
    )
    return saved(job) if store else job


def repeat_job(
    job_id: str, *, time_limit: int | None = None, memory_gb: float | None = None, flow_run_id: UUID | None = None
) -> ComponentJob:
    """Make and store a queued job that repeats one: the same image, model, inputs and follow-ups.

    Args:
        job_id: The id of a job that has ended, or the start of it.
        time_limit: Seconds, in place of that job's.
        memory_gb: GB (2**30 bytes), in place of that job's.
        flow_run_id: The Prefect flow run that runs the job.

    Raises:
        UnknownName: No such job is known.
        DefinitionError: It has not ended, its inputs were never valid, or a limit is out of bounds.
    """
    site = get_site()
    with site.database.session() as session:
        old = load_job(session, job_id)
        renewed_jobs(session, [old])  # so that its values stay until they are those of the new job, too
        component = find_components(session, [old.component])[old.component]
    if not old.status.is_final:
        message = f"the job {old.id} has not ended ({old.status.label}); 'component-flows cancel' would end it"
        raise DefinitionError(message)
    if old.detailed_error_message or not old.inputs:
        raise DefinitionError(f"the inputs of the job {old.id} were not valid; run '{old.component}' with other ones")
    time_limit = old.time_limit if time_limit is None else time_limit
    memory_gb = old.requires_memory_gb if memory_gb is None else memory_gb
    check_runnable(component)
    check_limits(site.settings.limits, time_limit=time_limit, memory_gb=memory_gb)
    check_capacity(memory_gb=memory_gb)
    return saved(
        ComponentJob(
            component=old.component,
            image=_executable(component, old.image),
            tarball=old.tarball,
            name=old.name,
            inputs=old.inputs,
            staged=old.staged,
            input_prefixes=old.input_prefixes,
            time_limit=time_limit,
            requires_memory_gb=memory_gb,
            requires_gpu_type=old.requires_gpu_type,
            task_on_success=old.task_on_success,
            task_on_failure=old.task_on_failure,
            flow_run_id=flow_run_id,
            retry_of=_repeated.get() or old.id,
        )
    )


def check_runnable(component: Component) -> None:
    """Refuse what can't be run here, rather than running it in another way.

    Raises:
        DefinitionError: The component needs a GPU that this machine does not have, or can't be given.
    """
    if not component.gpu_type:
        return
    if component.method is Method.INVOKE:
        message = f"'{component.slug}' is called over HTTP, where containers serve many jobs and can't hold a GPU yet"
        raise DefinitionError(f"{message}; use method: exec", key="gpu_type")
    try:
        check_gpu(component.gpu_type, get_engine().info().gpus)
    except GpuMissing as error:
        raise DefinitionError(f"'{component.slug}' can't run on this machine: {error}", key="gpu_type") from error


def _executable(component: Component, image: ComponentImage | None) -> ComponentImage:
    if image is None or not image.can_execute:
        raise UnknownName(f"the component '{component.slug}' has no container image; register its folder again")
    return image


def check_limits(limits: LimitSettings, *, time_limit: int, memory_gb: float) -> None:
    """Refuse limits outside the site's bounds.

    Raises:
        DefinitionError: Names the limit and its bounds.
    """
    if not limits.min_time_limit_s <= time_limit <= limits.max_time_limit_s:
        raise DefinitionError(
            f"a time limit of {time_limit} s is outside this site's {limits.min_time_limit_s} to "
            f"{limits.max_time_limit_s} s",
            key="time_limit",
        )
    if memory_gb < limits.min_memory_gb or (limits.max_memory_gb is not None and memory_gb > limits.max_memory_gb):
        upper = f"to {limits.max_memory_gb}" if limits.max_memory_gb is not None else "or more"
        raise DefinitionError(
            f"{memory_gb} GB is outside this site's {limits.min_memory_gb} {upper} GB", key="memory_gb"
        )
