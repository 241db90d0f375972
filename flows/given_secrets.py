"""Secrets in the parameters that a person gave to a run of a deployment: they are taken out of Prefect's record of it.

The run itself is refused (see `interfaces.access.check_uri`); by then Prefect has stored what it was given.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import httpx
from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext

from interfaces.access import RUNNER_VARIABLE
from interfaces.secrets import all_without_secrets
from tasks.run_logging import run_logger


def hide_given_secrets(parameters: Mapping[str, Any]) -> None:
    """Take the secrets out of the parameters of the run that this process was started for, if these are its own.

    Args:
        parameters: Of a run that begins.
    """
    run_id = os.environ.get(RUNNER_VARIABLE)
    if run_id is None or FlowRunContext.get() is not None or all_without_secrets(parameters) == parameters:
        return
    try:
        with get_client(sync_client=True) as client:
            given = client.read_flow_run(UUID(run_id)).parameters
            client.update_flow_run(UUID(run_id), parameters=all_without_secrets(given)).raise_for_status()
    except httpx.HTTPError as error:
        run_logger().warning("The run's parameters hold secrets, which could not be taken out of its record: %s", error)
