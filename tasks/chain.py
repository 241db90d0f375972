"""What follows a job: `task_on_success` and `task_on_failure`, references that a record can hold.

A reference is a JSON object with exactly one of

    {"flow": "package.module:function", "parameters": {...}}        a Prefect flow, or a plain function
    {"task": "package.module:function", "parameters": {...}}        a Prefect task
    {"deployment": "flow name/deployment name", "parameters": {...}}

``parameters`` may be left out. If what is referred to has a parameter named ``job_id`` that is not given, it gets the
id of the job that has ended, as text.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal

from prefect import Flow, Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound

from interfaces.errors import ChainFailed, DefinitionError
from interfaces.job_status import JobStatus
from interfaces.jobs import ComponentJob
from tasks.in_thread import in_thread

JOB_ID = "job_id"
Kind = Literal["flow", "task", "deployment"]
KINDS: tuple[Kind, ...] = ("flow", "task", "deployment")


@dataclass(frozen=True, kw_only=True)
class Reference:
    """What is to run after a job.

    Attributes:
        kind: flow, task or deployment.
        name: ``module:function``, or ``flow/deployment``.
        parameters: What it is called with.
    """

    kind: Kind
    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


def read_reference(data: Mapping[str, Any]) -> Reference:
    """Read a reference.

    Raises:
        DefinitionError: It has another form.
    """
    kinds = [kind for kind in KINDS if kind in data]
    extra = sorted(set(data) - {*KINDS, "parameters"})
    parameters = data.get("parameters", {})
    if len(kinds) != 1 or extra or not isinstance(data[kinds[0]], str) or not isinstance(parameters, Mapping):
        raise DefinitionError(
            f"what follows a job has one of flow, task and deployment, and parameters, but got {dict(data)!r:.200}"
        )
    return Reference(kind=kinds[0], name=data[kinds[0]], parameters=parameters)


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


async def run_reference(reference: Reference, job: ComponentJob) -> None:
    """Run what follows a job, to its end; of a deployment only the start is awaited.

    Raises:
        ChainFailed: It failed.
    """
    try:
        if reference.kind == "deployment":
            wants_it = JOB_ID in await _deployment_parameters(reference)
            parameters = {**({JOB_ID: str(job.id)} if wants_it else {}), **reference.parameters}
            started = run_deployment(reference.name, parameters=parameters, timeout=0)
            if inspect.isawaitable(started):
                await started
            return
        found = load(reference)
        function = _function(found)
        parameters = _with_job_id(reference, function, str(job.id))
        if inspect.iscoroutinefunction(function):
            await getattr(found, "aio", found)(**parameters)
        else:
            await in_thread(found, **parameters)
    except Exception as error:  # whatever it raises is someone else's; it must not change the job that has ended
        raise ChainFailed(f"the {reference.kind} '{reference.name}' that follows the job failed: {error}") from error


def follow_up(job: ComponentJob) -> Reference | None:
    """What is to run after this job in its final status, or None."""
    data = job.task_on_success if job.status is JobStatus.SUCCESS else job.task_on_failure
    return read_reference(data) if data else None


@task(name="chain", cache_policy=NO_CACHE)
async def chain(job: ComponentJob) -> None:
    """Run what follows the job, if anything.

    Raises:
        ChainFailed: It failed.
    """
    if reference := follow_up(job):
        await run_reference(reference, job)
