"""A Prefect deployment for each registered component and graph, so that Prefect's own form starts its runs."""

from __future__ import annotations

from collections.abc import Sequence

from prefect.client.orchestration import get_client

from flows.blocking import run_to_end
from flows.calling import component_flow
from flows.server import client_settings, ensure_server
from interfaces.site import get_site
from tasks.apply_deployments import Deployed, apply_deployments
from tasks.in_thread import in_thread
from tasks.plan_deployments import planned_deployments
from tasks.run_logging import run_logger


async def deployed(names: Sequence[str] = (), *, pool: str | None = None) -> list[Deployed]:
    """Bring the deployments in step with what is registered; see `deploy`."""
    site = get_site()
    wanted, problems = await in_thread(planned_deployments, site, names, pool=pool)
    async with get_client() as client:
        return await apply_deployments(client, site, wanted, keep=problems, is_all=not names)


@component_flow(name="deploy")
async def deploy(names: list[str] | None = None, *, pool: str | None = None) -> list[Deployed]:
    """Make a deployment of each registered component and graph, update what changed, and remove what is gone.

    Only deployments that this site has made are changed or removed; schedules and limits that somebody gave them stay.

    Args:
        names: Slugs of components and graphs; with them, only those are made and updated, and none is removed.
        pool: The work pool in place of that of the setting `deploy`; made if it is not there.

    Returns:
        Each deployment with what became of it.

    Raises:
        UnknownName: A name is that of no component and no graph.
        DefinitionError: A deployment of somebody else has the name of one of ours.
    """
    done = await deployed(names or (), pool=pool)
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
