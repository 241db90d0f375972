"""Runs that a schedule starts: when they are due, and that what was missed is not caught up on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import State
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from prefect.context import FlowRunContext
from prefect.states import Cancelled
from pydantic import ValidationError

from interfaces.errors import DefinitionError
from interfaces.periods import age

OURS = ", component-flows"
"""What the name of the one schedule ends with that the command line makes; those that people make have others."""

MISSED = "Missed"
AUTOMATIC_TAG = "auto-scheduled"
"""Prefect gives it to the runs that its scheduler makes."""

ON_TIME = timedelta(seconds=60)
"""A run that begins so soon after it was due was not missed: a worker and its process take their time to start."""

_CRON_FIELDS = 5
_AT_ONCE = 200


def schedule_from(text: str, timezone: str = "UTC") -> CronSchedule | IntervalSchedule:
    """The schedule that a text says.

    Args:
        text: Five fields of cron (``0 6 * * *``), or an interval such as ``6h``.
        timezone: A name of the IANA database, such as ``Europe/Amsterdam``.

    Raises:
        DefinitionError: It is neither, or no such time zone is known.
    """
    if timezone not in available_timezones():
        raise DefinitionError(f"'{timezone}' is no time zone; give a name such as Europe/Amsterdam")
    try:
        if len(text.split()) == _CRON_FIELDS:
            return CronSchedule(cron=text, timezone=timezone)
        return IntervalSchedule(interval=age(text), timezone=timezone)
    except (ValidationError, DefinitionError) as error:
        raise DefinitionError(
            f"'{text}' is no schedule; give five fields of cron, as in '0 6 * * *', or an interval such as 6h"
        ) from error


async def set_schedule(
    client: PrefectClient,
    deployment_id: UUID,
    schedule: CronSchedule | IntervalSchedule | None,
    parameters: Mapping[str, Any],
) -> None:
    """Give a deployment its one schedule, or with None take it away; schedules that people have made stay.

    Args:
        client: Prefect's.
        deployment_id: The deployment's.
        schedule: When it is to run.
        parameters: What these runs are given, besides what each run of the deployment is.
    """
    for one in await client.read_deployment_schedules(deployment_id):
        if (one.slug or "").endswith(OURS):
            await client.delete_deployment_schedule(deployment_id, one.id)
    if schedule is not None:
        made = DeploymentScheduleCreate(schedule=schedule, parameters=dict(parameters), slug=_name_of(schedule))
        await client.create_deployment_schedules(deployment_id, [made])


def _name_of(schedule: CronSchedule | IntervalSchedule) -> str:
    """The UI shows this in place of when the runs are due, so it says that."""
    if isinstance(schedule, CronSchedule):
        return f"{schedule.cron} ({schedule.timezone}){OURS}"
    return f"every {schedule.interval}{OURS}"


async def missed() -> State[None] | None:
    """The state of a run that was due while no worker was there, and again since; None for every other run.

    Prefect keeps each run that a schedule was to start, however late. Of those with the same inputs only the last is
    run.
    """
    context = FlowRunContext.get()
    run = context.flow_run if context is not None else None
    if run is None or not run.auto_scheduled or run.deployment_id is None or run.expected_start_time is None:
        return None
    now = datetime.now(UTC)
    if run.run_count > 1 or now - run.expected_start_time < ON_TIME:  # it had begun before, and goes on; or is in time
        return None
    due = FlowRunFilterExpectedStartTime(after_=run.expected_start_time + timedelta(microseconds=1), before_=now)
    later = FlowRunFilter(
        deployment_id=FlowRunFilterDeploymentId(any_=[run.deployment_id]),
        expected_start_time=due,
        tags=FlowRunFilterTags(all_=[AUTOMATIC_TAG]),
    )
    async with get_client() as client:
        found = await client.read_flow_runs(flow_run_filter=later, limit=_AT_ONCE)
    if not any(one.parameters == run.parameters for one in found):
        return None
    return Cancelled(name=MISSED, message="no worker was there when this run was due, and a later one is due already")
