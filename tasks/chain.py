"""What follows a job: `task_on_success` and `task_on_failure`, references that a record can hold.

A reference is a JSON object with exactly one of

    {"flow": "package.module:function", "parameters": {...}}        a Prefect flow, or a plain function
    {"task": "package.module:function", "parameters": {...}}        a Prefect task
    {"deployment": "flow name/deployment name", "parameters": {...}}

A run from the Prefect UI or API may name deployments, and the functions that the setting `access.functions` lists; its
references are kept with ``"limited": true``, so that what they run is limited as it was, whoever runs it.

``parameters`` may be left out. If what is referred to has a parameter named ``job_id`` that is not given, it gets the
id of the job that has ended, as text.

It is run once: the reference is written with the job's final status, and whoever claims it first runs it. Where a crash
comes between the two, the next `reap` runs it; where it had begun, it is not begun again.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal
from uuid import UUID

import httpx
from anyio import CancelScope
from prefect import Flow, Task, tags, task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterTags
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound

from interfaces.access import check_function, is_limited, limited_access
from interfaces.database.follow_up_records import (
    FollowUp,
    FollowUpStatus,
    claim,
    complete,
    find_follow_up,
    let_go,
)
from interfaces.errors import ChainFailed, DefinitionError
from interfaces.jobs import ComponentJob
from interfaces.site import get_site
from tasks.in_thread import in_thread

JOB_ID, LIMITED = "job_id", "limited"
Kind = Literal["flow", "task", "deployment"]
KINDS: tuple[Kind, ...] = ("flow", "task", "deployment")


@dataclass(frozen=True, kw_only=True)
class Reference:
    """What is to run after a job.

    Attributes:
        kind: flow, task or deployment.
        name: ``module:function``, or ``flow/deployment``.
        parameters: What it is called with.
        limited: Whether it comes from a run that is limited; see `interfaces.access`.
    """

    kind: Kind
    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    limited: bool = False


def read_reference(data: Mapping[str, Any]) -> Reference:
    """Read a reference.

    Raises:
        DefinitionError: It has another form.
    """
    kinds = [kind for kind in KINDS if kind in data]
    extra = sorted(set(data) - {*KINDS, "parameters", LIMITED})
    parameters = data.get("parameters", {})
    if len(kinds) != 1 or extra or not isinstance(data[kinds[0]], str) or not isinstance(parameters, Mapping):
        raise DefinitionError(
            f"what follows a job has one of flow, task and deployment, and parameters, but got {dict(data)!r:.200}"
        )
    return Reference(kind=kinds[0], name=data[kinds[0]], parameters=parameters, limited=bool(data.get(LIMITED)))


def kept_reference(data: dict[str, Any] | None) -> dict[str, Any] | None:
    """A reference as the job's record is to have it: marked where this run is limited."""
    return {**data, LIMITED: True} if data is not None and is_limited() else data


def load(reference: Reference) -> Any:
    """The flow, task or function that a reference names.

    Raises:
        DefinitionError: It can't be imported, or is something else.
    """
    module, _, name = reference.name.partition(":")
    try:
        found: Any = import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError) as error:
        raise DefinitionError(
            f"the {reference.kind} '{reference.name}' can't be imported ({error}); write 'package.module:function'"
        ) from error
    if reference.kind == "task" and not isinstance(found, Task):
        raise DefinitionError(f"'{reference.name}' is no Prefect task")
    if not callable(found):
        raise DefinitionError(f"'{reference.name}' can't be called")
    return found


async def check_reference(data: Mapping[str, Any] | None) -> None:
    """Refuse a reference that could not run: called when the job is made.

    Raises:
        DefinitionError: It can't be read, imported or found, or its parameters don't fit.
    """
    if data is None:
        return
    reference = read_reference(data)
    if reference.kind == "deployment":
        await _deployment_parameters(reference)
        return
    check_function(reference.name)  # before it is imported, which runs code
    function = _function(load(reference))
    try:
        inspect.signature(function).bind(**_with_job_id(reference, function, "0"))
    except TypeError as error:
        raise DefinitionError(
            f"the parameters of the {reference.kind} '{reference.name}' don't fit: {error}"
        ) from error


async def _deployment_parameters(reference: Reference) -> set[str]:
    async with get_client() as client:
        try:
            deployment = await client.read_deployment_by_name(reference.name)
        except (ObjectNotFound, ValueError) as error:
            raise DefinitionError(
                f"the deployment '{reference.name}' does not exist; write it as 'flow name/deployment name'"
            ) from error
    return set((deployment.parameter_openapi_schema or {}).get("properties", {}))


def _function(found: Any) -> Any:
    return found.fn if isinstance(found, Flow | Task) else found


def _with_job_id(reference: Reference, function: Any, job_id: str) -> dict[str, Any]:
    wants_it = JOB_ID in inspect.signature(function).parameters
    return {**({JOB_ID: job_id} if wants_it else {}), **reference.parameters}


async def run_reference(reference: Reference, job_id: UUID) -> None:
    """Run what follows a job, to its end; of a deployment only the start is awaited.

    It always shows as one flow run with the tag that `has_begun` looks for.

    Raises:
        ChainFailed: It failed.
    """
    try:
        with tags(_tag(job_id)), limited_access(reference.limited):
            if reference.kind == "deployment":
                await _start_deployment(reference, job_id)
            else:
                await _call(reference, job_id)
    except Exception as error:  # whatever it raises is someone else's; it must not change the job that has ended
        raise ChainFailed(f"the {reference.kind} '{reference.name}' that follows the job failed: {error}") from error


async def _start_deployment(reference: Reference, job_id: UUID) -> None:
    wants_it = JOB_ID in await _deployment_parameters(reference)
    parameters = {**({JOB_ID: str(job_id)} if wants_it else {}), **reference.parameters}
    started = run_deployment(
        reference.name, parameters=parameters, timeout=0, idempotency_key=_tag(job_id), tags=[_tag(job_id)]
    )
    if inspect.isawaitable(started):
        await started


async def _call(reference: Reference, job_id: UUID) -> None:
    found = load(reference)
    parameters = _with_job_id(reference, _function(found), str(job_id))
    if not isinstance(found, Flow):
        found = _as_flow(found, reference)
    if inspect.iscoroutinefunction(found.fn):
        await getattr(found, "aio", found)(**parameters)
    else:
        await in_thread(found, **parameters)


def _as_flow(found: Any, reference: Reference) -> Any:
    """A flow that runs a task or a plain function: so its begin is on record before anything of it runs."""
    if inspect.iscoroutinefunction(_function(found)):

        async def begin(**parameters: Any) -> None:
            await found(**parameters)
    else:

        def begin(**parameters: Any) -> None:  # type: ignore[misc]
            found(**parameters)

    return Flow(begin, name=reference.name.rpartition(":")[2], validate_parameters=False)


def _tag(job_id: UUID) -> str:
    return f"follows-{job_id}"


async def has_begun(job_id: UUID) -> bool:
    """Whether what follows a job was begun by a process that has died since, as far as Prefect's records say."""
    mine = FlowRunFilter(tags=FlowRunFilterTags(all_=[_tag(job_id)]))
    async with get_client() as client:
        runs = await client.read_flow_runs(flow_run_filter=mine)
    return any(run.state is not None and not run.state.is_pending() for run in runs)


def claimed(job_id: UUID) -> FollowUp | None:
    """What follows the job, if it is this process that is to run it now."""
    with get_site().database.session() as session:
        found = find_follow_up(session, job_id)
        is_ours = found is not None and found.status is FollowUpStatus.PENDING and claim(session, found)
        return found if is_ours else None


async def run_claimed(follow_up: FollowUp) -> None:
    """Run what this process has claimed, and note how it ended.

    Raises:
        ChainFailed: It failed.
    """
    status, message = FollowUpStatus.INTERRUPTED, ""
    try:
        await run_reference(read_reference(follow_up.reference), follow_up.job_id)
        status = FollowUpStatus.DONE
    except ChainFailed as error:
        is_out_of_reach = _is_out_of_reach(error)
        status, message = FollowUpStatus.RUNNING if is_out_of_reach else FollowUpStatus.FAILED, str(error)
        raise
    finally:
        with CancelScope(shield=True):
            await in_thread(_completed, follow_up.job_id, status, message)


def _is_out_of_reach(error: BaseException) -> bool:
    """Whether it was Prefect's API that failed, and not what was to be run."""
    one: BaseException | None = error
    while one is not None:
        if isinstance(one, httpx.TransportError):
            return True
        one = one.__cause__ or one.__context__
    return False


def _completed(job_id: UUID, status: FollowUpStatus, message: str) -> None:
    with get_site().database.session() as session:
        if status is FollowUpStatus.RUNNING:
            let_go(session, job_id)
        else:
            complete(session, job_id, status, message)


async def follow(job: ComponentJob) -> None:
    """Run what follows a job that has ended, if anything does and nobody has run it.

    Raises:
        ChainFailed: It failed.
    """
    if job.follow_up and (follow_up := await in_thread(claimed, job.id)):
        await run_claimed(follow_up)


@task(name="chain", task_run_name="chain", cache_policy=NO_CACHE)
async def chain(job: ComponentJob) -> None:
    """Run what follows the job; see `follow`."""
    await follow(job)
