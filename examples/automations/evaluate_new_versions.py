"""Evaluate a component anew whenever new jobs use another version of its image: a Prefect automation.

python examples/automations/evaluate_new_versions.py PHASE COMPONENT [CASES]

The phase and the component are registered, and the flows are deployed (`prefect deploy --all`). CASES is a table or
folder of cases that runs from the Prefect UI may read (setting `access`); without it, the phase's own archive is taken.
Doing it again replaces the automation. A worker runs the evaluation; its rank is on the phase's leaderboard.
"""

from __future__ import annotations

import asyncio
import sys

from prefect.automations import AutomationCore, EventTrigger, RunDeployment
from prefect.client.orchestration import PrefectClient, get_client

from flows.server import client_settings, ensure_server
from tasks.announcing import DESIRED_VERSION_EVENT, component_resource

DEPLOYMENT = "evaluate/evaluation"


async def automate(client: PrefectClient, phase: str, component: str, cases: str | None = None) -> str:
    """Make the automation, in place of one of the same name; gives its name."""
    deployment = await client.read_deployment_by_name(DEPLOYMENT)
    parameters = {"phase": phase, "algorithm": component, **({"cases": cases} if cases else {})}
    automation = AutomationCore(
        name=f"Evaluate new versions of {component} in {phase}",
        description=f"Runs {DEPLOYMENT} when the desired version of {component}'s image changes.",
        trigger=EventTrigger(
            expect={DESIRED_VERSION_EVENT}, match={"prefect.resource.id": component_resource(component)}
        ),
        actions=[RunDeployment(source="selected", deployment_id=deployment.id, parameters=parameters)],
    )
    for earlier in await client.read_automations_by_name(automation.name):
        await client.delete_automation(earlier.id)
    await client.create_automation(automation)
    return automation.name


async def main(*arguments: str) -> None:
    async with get_client() as client:
        print(await automate(client, *arguments))


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    with client_settings(ensure_server()):
        asyncio.run(main(*sys.argv[1:]))
