"""Temporary."""

from __future__ import annotations
import asyncio, contextvars, threading
from typing import Any
from prefect import Flow
from flows.server import ensure_server
from flows.server_settings import client_settings


class CallableFlow(Flow):
    hands_on: Any = None

    def __call__(self, *args, return_state=False, wait_for=None, **kwargs):
        async def go():
            r = Flow.__call__(self, *args, return_state=return_state, wait_for=wait_for, **kwargs)
            return await r

        with client_settings(ensure_server()):
            try:
                asyncio.get_running_loop()
            except RuntimeError:
                return asyncio.run(go())
            ctx = contextvars.copy_context()
            box = {}

            def run():
                try:
                    box["r"] = ctx.run(asyncio.run, go())
                except BaseException as e:
                    box["e"] = e

            t = threading.Thread(target=run)
            t.start()
            t.join()
            if "e" in box:
                raise box["e"]
            return box["r"]

    async def aio(self, *args, **kwargs):
        return await Flow.__call__(self, *args, **kwargs)


def component_flow(*, hands_on=None, **options):
    def deco(fn):
        f = CallableFlow(fn, **options)
        f.hands_on = hands_on
        return f

    return deco
