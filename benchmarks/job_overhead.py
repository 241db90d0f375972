"""How much time does a job take beyond its container? One trivial component through ``run_component`` and through a
bare ``docker run`` with the same mounts and limits, in turn, in one process; the Prefect server is warm.

Prints a table and writes ``benchmarks/results/job_overhead.json``.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from time import perf_counter

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.sorting import TaskRunSort

from flows import register, run_component
from flows.server import ensure_server
from flows.server_settings import client_settings
from interfaces import ComponentJob
from interfaces.engine import get_engine

ROUNDS = 15
PUPPET = Path(__file__).parents[1] / "tests" / "puppet"
SCRIPT = "open('/output/report.json', 'w').write('{}')"
GOAL_S = 0.3


def bare(image: str, folder: Path) -> float:
    """Seconds of one ``docker run`` with the isolation, limits and mounts of a job."""
    output = folder / "output"
    output.mkdir(exist_ok=True)
    output.chmod(0o777)
    command = (
        "docker run --rm --network none --cap-drop ALL --security-opt no-new-privileges --init --pids-limit 512 "
        "--memory 256m --memory-swap 256m --volume /tmp "
        f"--mount type=bind,source={folder}/input,target=/input,readonly "
        f"--mount type=bind,source={folder}/model,target=/opt/ml/model,readonly "
        f"--mount type=bind,source={output},target=/output {image}"
    )
    start = perf_counter()
    subprocess.run(command.split(), check=True, capture_output=True)
    seconds = perf_counter() - start
    assert (output / "report.json").read_text() == "{}"
    (output / "report.json").unlink()
    return seconds


def through_prefect() -> tuple[float, ComponentJob]:
    """Seconds of one ``run_component``, and the job."""
    start = perf_counter()
    job = run_component("puppet-report", {"script": SCRIPT})
    return perf_counter() - start, job


def task_seconds(job: ComponentJob) -> dict[str, float]:
    """Seconds of each task run of the job, as Prefect has them."""
    import asyncio

    async def read() -> dict[str, float]:
        async with get_client() as client:
            runs = await client.read_task_runs(
                flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[job.flow_run_id])),
                sort=TaskRunSort.EXPECTED_START_TIME_ASC,
                limit=50,
            )
            return {run.name.rsplit("-", 1)[0]: (run.total_run_time or timedelta()).total_seconds() for run in runs}

    with client_settings(ensure_server()):
        return asyncio.run(read())


def main() -> None:
    """Measure in turn, so that a slow minute of the machine hits both."""
    register(PUPPET)
    _, first = through_prefect()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name in ("input", "model"):
            (folder / name).mkdir()
            (folder / name).chmod(0o755)
        folder.chmod(0o755)
        (folder / "input" / "script.json").write_text(json.dumps(SCRIPT))
        (folder / "input" / "inputs.json").write_text("[]")
        bare(first.image.sha256, folder)
        runs = [(bare(first.image.sha256, folder), *through_prefect()) for _ in range(ROUNDS)]
    report(runs)


def report(runs: list[tuple[float, float, ComponentJob]]) -> None:
    """Print the table and write the figures."""
    median: Callable[[list[float]], float] = statistics.median
    plain, whole = median([run[0] for run in runs]), median([run[1] for run in runs])
    steps: dict[str, list[float]] = defaultdict(list)
    for _, _, job in runs:
        for name, seconds in task_seconds(job).items():
            steps[name].append(seconds)
        steps["container itself"].append(job.exec_duration_s or 0)
    figures = {
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, engine {get_engine().info().version}",
        "rounds": len(runs),
        "bare_docker_run_s": plain,
        "run_component_s": whole,
        "ratio": whole / plain,
        "above_bare_s": median([run[1] - run[0] for run in runs]),
        "goal_above_bare_s": GOAL_S,
        "steps_s": {name: median(values) for name, values in steps.items()},
    }
    print(f"{figures['machine']}; medians of {len(runs)} rounds")
    print(f"{'bare docker run':<28}{plain:8.3f} s")
    print(f"{'run_component':<28}{whole:8.3f} s   {figures['ratio']:.2f} times the bare run")
    print(f"{'above the bare run':<28}{figures['above_bare_s']:8.3f} s   goal: at most {GOAL_S} s")
    for name, seconds in figures["steps_s"].items():
        print(f"  {name:<26}{seconds:8.3f} s")
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    (results / "job_overhead.json").write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
