"""Bring Prefect's deployments in step with what is registered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import DeploymentUpdate, WorkPoolCreate
from prefect.client.schemas.filters import FlowFilter, FlowFilterName
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.workers.utilities import get_default_base_job_template_for_infrastructure_type
from pydantic import BaseModel, ConfigDict

from interfaces.deployments import DeploymentSpec, Runs, site_tag
from interfaces.errors import DefinitionError
from interfaces.settings import TOML_FILE
from interfaces.site import Site
from tasks.schedules import set_schedule

POOL_TYPE = "process"

FLOWS: Mapping[Runs, str] = MappingProxyType({Runs.COMPONENT: "run-component", Runs.GRAPH: "run-graph"})
"""The names of the flows behind the deployments."""

ENTRYPOINTS: Mapping[Runs, str] = MappingProxyType(
    {Runs.COMPONENT: "flows.component_job.run_component", Runs.GRAPH: "flows.graph.run_graph"}
)
"""Modules rather than files, so that a worker may be started in any folder."""

_AT_ONCE = 200


class Deployed(BaseModel):
    """A deployment, and what became of it.

    Attributes:
        name: Its full name: flow and deployment.
        runs: ``component`` or ``graph``.
        change: ``made``, ``updated``, ``unchanged``, ``removed``, or ``kept`` where a graph can't run as it is now.
        pool: Work pool.
        queue: Queue of the work pool.
        version: Its version.
        schedules: When it runs by itself.
        problem: Why it was kept as it is, or "".
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    runs: str
    change: str
    pool: str = ""
    queue: str = ""
    version: str = ""
    schedules: tuple[str, ...] = ()
    problem: str = ""


async def apply_deployments(
    client: PrefectClient, site: Site, wanted: Sequence[DeploymentSpec], *, keep: Mapping[str, str], is_all: bool
) -> list[Deployed]:
    """Make, update and remove deployments, so that there are those that are wanted; what is as wanted is not touched.

    Args:
        client: Prefect's.
        site: Whose deployments they are; those of other sites and of people are left alone.
        wanted: What there is to be.
        keep: Why graphs can't run, by slug; their deployments stay as they are.
        is_all: Whether there are to be no others, so that those of what is gone are removed.

    Raises:
        DefinitionError: A deployment of somebody else has the name of one of ours.
    """
    there = await _there(client)
    mine = site_tag(site.id)
    for spec in wanted:
        found = there.get((spec.runs, spec.name))
        if found is not None and mine not in found.tags:
            name = f"{FLOWS[spec.runs]}/{spec.name}"
            raise DefinitionError(
                f"the deployment '{name}' is there already and was not made by this site; remove it "
                f"('prefect deployment delete {name}'), or give the {spec.runs} another slug"
            )
    for pool in dict.fromkeys(spec.place.pool for spec in wanted):
        await ensure_pool(client, pool)
    done = [await _applied(client, site, spec, there.get((spec.runs, spec.name))) for spec in wanted]
    names = {(spec.runs, spec.name) for spec in wanted}
    for (runs, name), found in there.items():
        if mine not in found.tags or (runs, name) in names:
            continue
        if runs is Runs.GRAPH and name in keep:
            done.append(_deployed(found, runs, "kept", problem=keep[name]))
        elif is_all:
            await client.delete_deployment(found.id)
            done.append(_deployed(found, runs, "removed"))
    return done


async def scheduled(
    client: PrefectClient,
    one: Deployed,
    schedule: CronSchedule | IntervalSchedule | None,
    parameters: Mapping[str, Any],
) -> Deployed:
    """Give a deployment that was just applied its schedule, or take it away; see `tasks.schedules.set_schedule`."""
    found = await client.read_deployment_by_name(one.name)
    await set_schedule(client, found.id, schedule, parameters)
    return _deployed(await client.read_deployment(found.id), Runs(one.runs), one.change)


async def _there(client: PrefectClient) -> dict[tuple[Runs, str], DeploymentResponse]:
    """All deployments of the two flows, by what they run and their name."""
    found: dict[tuple[Runs, str], DeploymentResponse] = {}
    for runs, flow in FLOWS.items():
        of_flow = FlowFilter(name=FlowFilterName(any_=[flow]))
        offset = 0
        while some := await client.read_deployments(flow_filter=of_flow, limit=_AT_ONCE, offset=offset):
            found |= {(runs, one.name): one for one in some}
            offset += len(some)
    return found


async def ensure_pool(client: PrefectClient, name: str) -> None:
    """Make a work pool whose workers run processes, unless there is one of that name, of whatever type."""
    try:
        await client.read_work_pool(name)
    except ObjectNotFound:
        template = await get_default_base_job_template_for_infrastructure_type(POOL_TYPE)
        pool = WorkPoolCreate(name=name, type=POOL_TYPE, base_job_template=template or {})
        try:
            await client.create_work_pool(pool)
        except ObjectAlreadyExists:
            return  # somebody else has just made it


async def _applied(
    client: PrefectClient, site: Site, spec: DeploymentSpec, found: DeploymentResponse | None
) -> Deployed:
    fields = _fields(site, spec)
    if found is None:
        flow_id: UUID = await client.create_flow_from_name(FLOWS[spec.runs])
        made = await client.create_deployment(flow_id, spec.name, **fields)
        return _deployed(await client.read_deployment(made), spec.runs, "made")
    if all(_is_same(getattr(found, name), value) for name, value in fields.items()):
        return _deployed(found, spec.runs, "unchanged")
    await client.update_deployment(found.id, DeploymentUpdate(**fields))
    return _deployed(await client.read_deployment(found.id), spec.runs, "updated")


def _fields(site: Site, spec: DeploymentSpec) -> dict[str, Any]:
    return {
        "description": spec.description,
        "tags": list(spec.tags),
        "version": spec.version,
        "parameters": dict(spec.parameters),
        "parameter_openapi_schema": dict(spec.schema),
        "enforce_parameter_schema": True,
        "entrypoint": ENTRYPOINTS[spec.runs],
        "work_pool_name": spec.place.pool,
        "work_queue_name": spec.place.queue,
        **surroundings(site),
    }


def _is_same(there: Any, wanted: Any) -> bool:
    if isinstance(wanted, list) and all(isinstance(one, str) for one in wanted):
        return sorted(there or ()) == sorted(wanted)  # tags, which have no order
    return bool((there or type(wanted)()) == wanted)


def surroundings(site: Site) -> dict[str, Any]:
    """What a worker's processes need to find this site, where it is one machine: its home, and its file of settings.

    With a database on a server, each machine has settings of its own.
    """
    if site.settings.database_url is not None:
        return {"job_variables": {}, "pull_steps": []}
    folder = Path.cwd() if Path(TOML_FILE).is_file() else site.home
    step = {"prefect.deployments.steps.set_working_directory": {"directory": str(folder)}}
    return {"job_variables": {"env": {"COMPONENT_FLOWS_HOME": str(site.home)}}, "pull_steps": [step]}


def _deployed(found: DeploymentResponse, runs: Runs, change: str, *, problem: str = "") -> Deployed:
    return Deployed(
        name=f"{FLOWS[runs]}/{found.name}",
        runs=runs.value,
        change=change,
        pool=found.work_pool_name or "",
        queue=found.work_queue_name or "",
        version=found.version or "",
        schedules=tuple(schedule_text(one.schedule) for one in found.schedules if one.active),
        problem=problem,
    )


def schedule_text(schedule: Any) -> str:
    """A schedule as it is given on the command line, with its time zone."""
    zone = getattr(schedule, "timezone", None)
    text = getattr(schedule, "cron", None) or getattr(schedule, "rrule", None)
    if text is None:
        text = f"every {schedule.interval.total_seconds():g} s"
    return f"{text} {zone}" if zone else str(text)
