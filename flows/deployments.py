"""A Prefect deployment for each registered component and graph, so that Prefect's own form starts its runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from prefect.client.orchestration import get_client

from flows.blocking import run_to_end
from flows.calling import component_flow
from flows.server import client_settings, ensure_server
from interfaces.access import limited_access
from interfaces.deployments import DeploymentSpec, Runs
from interfaces.errors import DefinitionError
from interfaces.site import get_site
from tasks.apply_deployments import Deployed, apply_deployments, scheduled
from tasks.in_thread import in_thread
from tasks.plan_deployments import planned_deployments
from tasks.plan_graph import planned, planned_component
from tasks.run_logging import run_logger
from tasks.schedules import schedule_from

NO_SCHEDULE = "off"


async def deployed(
    names: Sequence[str] = (),
    *,
    pool: str | None = None,
    schedule: str | None = None,
    timezone: str = "UTC",
    inputs: Mapping[str, Any] | None = None,
) -> list[Deployed]:
    """Bring the deployments in step with what is registered; see `deploy`."""
    site = get_site()
    wanted, problems = await in_thread(planned_deployments, site, names, pool=pool)
    when = None if schedule in (None, NO_SCHEDULE) else schedule_from(schedule, timezone)
    if schedule is None and inputs:
        raise DefinitionError("inputs are for the runs of a schedule; give that, too")
    if schedule is not None and len(names) != 1:
        raise DefinitionError("a schedule is for one component or graph; give its name, and no other")
    if when is not None:
        await in_thread(_check_inputs, wanted, problems, inputs or {})
    async with get_client() as client:
        done = await apply_deployments(client, site, wanted, keep=problems, is_all=not names)
        if schedule is None:
            return done
        given = {"inputs": dict(inputs or {})}
        return [await scheduled(client, one, when, given) for one in done]


def _check_inputs(wanted: Sequence[DeploymentSpec], problems: Mapping[str, str], inputs: Mapping[str, Any]) -> None:
    """Refuse inputs that each run of the schedule would be refused for, by the access that these runs will have."""
    if problems:
        raise DefinitionError("; ".join(f"the graph '{name}' can't run: {why}" for name, why in problems.items()))
    for spec in wanted:
        with limited_access():
            (planned_component if spec.runs is Runs.COMPONENT else planned)(spec.name, inputs)


@component_flow(name="deploy", named_by=lambda parameters: ", ".join(parameters.get("names") or ["everything"]))
async def deploy(
    names: list[str] | None = None,
    *,
    pool: str | None = None,
    schedule: str | None = None,
    timezone: str = "UTC",
    inputs: dict[str, Any] | None = None,
) -> list[Deployed]:
    """Make a deployment of each registered component and graph, update what changed, and remove what is gone.

    Only deployments that this site has made are changed or removed. What somebody sets beside what is set here, such as
    a concurrency limit or further schedules, stays.

    Args:
        names: Slugs of components and graphs; with them, only those are made and updated, and none is removed.
        pool: The work pool in place of that of the setting `deploy`; made if it is not there.
        schedule: For one name, when it is to run by itself: five fields of cron (``0 6 * * *``), an interval (``6h``),
            or ``off``. Of runs that were missed while no worker was there, only the last is run.
        timezone: In which the hours of the schedule are meant.
        inputs: What the runs of the schedule are given; checked as a run's are.

    Returns:
        Each deployment with what became of it.

    Raises:
        UnknownName: A name is that of no component and no graph.
        DefinitionError: A deployment of somebody else has the name of one of ours, or the schedule is none.
        InvalidInputs: The inputs of the schedule don't fit; `.problems` holds them all.
    """
    done = await deployed(names or (), pool=pool, schedule=schedule, timezone=timezone, inputs=inputs)
    for one in done:
        run_logger().info("%s: %s%s", one.name, one.change, f", {one.problem}" if one.problem else "")
    return done


adeploy = deploy.aio
"""The async twin of `deploy`."""


def deploy_registered() -> dict[str, list[str]]:
    """A step of `prefect.yaml`, with which `prefect deploy --all` makes the deployments of what is registered, too."""
    url = ensure_server()

    async def deploying() -> list[Deployed]:
        with client_settings(url):
            return await deployed()

    done = run_to_end(deploying)
    return {"deployments": [one.name for one in done if one.change != "removed"]}
