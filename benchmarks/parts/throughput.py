"""How many jobs a second, at 1 to 8 in parallel, beside the most that plain calls to the engine reach: the same image,
program, isolation and limits, by create, start, wait and remove of the Docker SDK and nothing else.
"""

from __future__ import annotations

import asyncio
import statistics
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import uuid4

from docker import APIClient

from flows import arun_component
from flows.calling import component_flow
from interfaces.containers.create_request import PLATFORM, create_request
from interfaces.containers.protocol import BindMount, ContainerSpec
from parts.overhead import SCRIPT, bare_folder, job_run

PARALLEL = (1, 2, 4, 8)


@component_flow(name="benchmark-jobs")
async def jobs(count: int, parallel: int) -> float:
    """Seconds that many jobs take."""
    places = asyncio.Semaphore(parallel)

    async def one() -> None:
        async with places:
            await arun_component("puppet-report", {"script": SCRIPT})

    start = perf_counter()
    await asyncio.gather(*(one() for _ in range(count)))
    return perf_counter() - start


def plain_request(image: str, folder: Path) -> dict[str, Any]:
    """The request that a job's container is created with, with a folder in place of its output volume."""
    spec = ContainerSpec(
        image=image,
        name="",
        output_volume="none",
        memory_bytes=256 * 2**20,
        mounts=(
            BindMount(source=folder / "input", target="/input"),
            BindMount(source=folder / "model", target="/opt/ml/model"),
            BindMount(source=folder / "output", target="/output", read_only=False),
        ),
    )
    request = create_request(spec, labels={})
    mounts = request["HostConfig"]["Mounts"]
    request["HostConfig"]["Mounts"] = [mount for mount in mounts if mount.get("Source") != "none"]
    return request


def plain_runs(api: APIClient, request: dict[str, Any], count: int, parallel: int) -> float:
    """Seconds that many containers take."""

    def one(_: int) -> None:
        container = api.create_container_from_config(request, f"component-flows-bench-{uuid4().hex}", PLATFORM)["Id"]
        try:
            api.start(container)
            assert api.wait(container)["StatusCode"] == 0
        finally:
            api.remove_container(container, v=True, force=True)

    with ThreadPoolExecutor(parallel) as pool:
        start = perf_counter()
        list(pool.map(one, range(count)))
        return perf_counter() - start


def measured(*, count: int, rounds: int) -> dict[str, Any]:
    """Jobs a second, the median of some rounds, each of which runs every kind once."""
    _, first = job_run()
    rates: dict[tuple[str, int], list[float]] = {}
    with bare_folder() as folder:
        api = APIClient(max_pool_size=2 * max(PARALLEL), timeout=120)
        request = plain_request(first.image.sha256, folder)
        plain_runs(api, request, 2, 2)
        for _ in range(rounds):
            for parallel in PARALLEL:
                rates.setdefault(("plain", parallel), []).append(count / plain_runs(api, request, count, parallel))
                rates.setdefault(("jobs", parallel), []).append(count / jobs(count, parallel))
        api.close()
    return {
        "count": count,
        "rounds": rounds,
        "per_second": {
            parallel: {kind: statistics.median(rates[kind, parallel]) for kind in ("plain", "jobs")}
            for parallel in PARALLEL
        },
    }


def show(figures: dict[str, Any]) -> None:
    """Print the table."""
    print(f"\n# Jobs a second ({figures['count']} each, medians of {figures['rounds']} rounds)")
    print(f"{'in parallel':>11} {'plain engine calls':>20} {'run_component':>15} {'part':>6}")
    for parallel, rate in figures["per_second"].items():
        print(f"{parallel:>11} {rate['plain']:>18.2f}/s {rate['jobs']:>13.2f}/s {rate['jobs'] / rate['plain']:>6.0%}")
