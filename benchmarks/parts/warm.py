"""What does a warm container save? The same program in a component whose container is started for each job, and in one
that is called over HTTP: with nothing to load, and with SimpleITK to import, as a stand-in for a model to load.
"""

from __future__ import annotations

import asyncio
import statistics
from time import perf_counter
from typing import Any

from flows import run_component
from flows.component_job import arun_component
from interfaces import ComponentJob
from parts.overhead import SCRIPT, task_seconds
from tasks.invoke import close_pools

PROGRAMS = {"nothing": SCRIPT, "SimpleITK": f"import SimpleITK\n{SCRIPT}"}
COMPONENTS = {"cold": "puppet-report", "warm": "puppet-warm-report"}
PARALLEL = (1, 2)


def jobs(component: str, script: str, count: int, parallel: int) -> list[ComponentJob]:
    """That many jobs, so many at a time."""

    async def all_jobs() -> list[ComponentJob]:
        places = asyncio.Semaphore(parallel)

        async def one() -> ComponentJob:
            async with places:
                return await arun_component(component, {"script": script})

        return await asyncio.gather(*(one() for _ in range(count)))

    return asyncio.run(all_jobs())


def measured(*, count: int, rounds: int) -> dict[str, Any]:
    """Jobs a second and seconds of the execute step, medians of some rounds, each of which runs every kind once.

    The start of a warm container is not in them but beside them, as the first job's seconds.
    """
    figures: dict[str, Any] = {"count": count, "rounds": rounds, "loads": {}}
    for loads, script in PROGRAMS.items():
        rates: dict[tuple[str, int], list[float]] = {}
        execute: dict[str, list[float]] = {kind: [] for kind in COMPONENTS}
        first: list[float] = []
        for _ in range(rounds):
            close_pools()
            start = perf_counter()
            run_component(COMPONENTS["warm"], {"script": script})
            first.append(perf_counter() - start)
            for parallel in PARALLEL:
                for kind, component in COMPONENTS.items():
                    jobs(component, script, parallel, parallel)
                    start = perf_counter()
                    done = jobs(component, script, count, parallel)
                    rates.setdefault((kind, parallel), []).append(count / (perf_counter() - start))
                    if parallel == 1:
                        execute[kind].append(statistics.median(task_seconds(job)["execute"] for job in done[:3]))
        figures["loads"][loads] = {
            "first_job_s": statistics.median(first),
            "execute_s": {kind: statistics.median(values) for kind, values in execute.items()},
            "per_second": {
                parallel: {kind: statistics.median(rates[kind, parallel]) for kind in COMPONENTS}
                for parallel in PARALLEL
            },
        }
    close_pools()
    return figures


def show(figures: dict[str, Any]) -> None:
    """Print the table."""
    print(f"\n# Warm against cold ({figures['count']} jobs each, medians of {figures['rounds']} rounds)")
    print(f"{'loads':<10} {'in parallel':>11} {'cold':>10} {'warm':>10} {'times':>6}")
    for loads, each in figures["loads"].items():
        for parallel, rate in each["per_second"].items():
            print(
                f"{loads:<10} {parallel:>11} {rate['cold']:>8.2f}/s {rate['warm']:>8.2f}/s "
                f"{rate['warm'] / rate['cold']:>6.1f}"
            )
        steps = each["execute_s"]
        print(
            f"{'':<10} execute step: cold {steps['cold']:.3f} s, warm {steps['warm']:.3f} s; "
            f"the first warm job with its container's start {each['first_job_s']:.3f} s"
        )
