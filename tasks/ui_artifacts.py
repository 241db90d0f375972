"""Pages of Prefect's UI as its API takes them: in one request each, and none that asks for what a page holds."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection
from typing import Any
from uuid import UUID

import httpx
from prefect.client.orchestration import PrefectClient, get_client
from prefect.exceptions import PrefectException

ANSWER_S = 20
"""Seconds that a server may take for a page; a run does not wait for one that is away for minutes."""

NOT_SHOWN = (httpx.HTTPError, PrefectException, TimeoutError)
"""What a server raises that is away or refuses; the run goes on without its page."""

_NOT_IN_KEYS = re.compile(r"[^a-z0-9-]+")


async def write_artifact(text: str, *, key: str | None, what: str, run: UUID | None) -> None:
    """Write a page; Prefect's own function for it would send an event as well, and read all of it back.

    Args:
        text: Markdown.
        key: Under which it is listed, in place of the one of before; None: it is found through its run alone.
        what: One line above it.
        run: The Prefect run that it is a page of; None: it stands by itself.

    Raises:
        Exception: One of `NOT_SHOWN`.
    """
    document = {"type": "markdown", "description": what, "data": text}
    if key is not None:
        document["key"] = _NOT_IN_KEYS.sub("-", key.lower())
    if run is not None:
        document["flow_run_id"] = str(run)
    async with asyncio.timeout(ANSWER_S), get_client() as client:
        await client.request("POST", "/artifacts/", json=document)


async def which_exist(keys: Collection[str]) -> set[str]:
    """Those keys that there is a page under: one request where that is true of all or none.

    Raises:
        Exception: One of `NOT_SHOWN`.
    """
    if not keys:
        return set()
    async with asyncio.timeout(ANSWER_S), get_client() as client:
        count = await _count(client, keys)
        if count in (0, len(keys)):
            return set(keys) if count else set()
        return {key for key in keys if await _count(client, [key])}


async def _count(client: PrefectClient, keys: Collection[str]) -> int:
    question: dict[str, Any] = {"artifacts": {"key": {"any_": list(keys)}}}
    return int((await client.request("POST", "/artifacts/latest/count", json=question)).json())
