"""How much time does a job take beyond its container? One trivial component through ``run_component`` and through a
bare ``docker run`` with the same mounts and limits, in turn.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.sorting import TaskRunSort

from flows import run_component
from flows.server import ensure_server
from flows.server_settings import client_settings
from interfaces import ComponentJob

SCRIPT = "open('/output/report.json', 'w').write('{}')"
GOAL_S = 0.3


@contextmanager
def bare_folder() -> Iterator[Path]:
    """What a bare run mounts: ``input``, ``model`` and ``output``."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name, mode in (("input", 0o755), ("model", 0o755), ("output", 0o777)):
            (folder / name).mkdir()
            (folder / name).chmod(mode)
        folder.chmod(0o755)
        (folder / "input" / "script.json").write_text(json.dumps(SCRIPT))
        (folder / "input" / "inputs.json").write_text("[]")
        yield folder


def bare_run(image: str, folder: Path) -> float:
    """Seconds of one ``docker run`` with the isolation, limits and mounts of a job."""
    command = (
        "docker run --rm --network none --cap-drop ALL --security-opt no-new-privileges --init --pids-limit 512 "
        "--memory 256m --memory-swap 256m --volume /tmp "
        f"--mount type=bind,source={folder}/input,target=/input,readonly "
        f"--mount type=bind,source={folder}/model,target=/opt/ml/model,readonly "
        f"--mount type=bind,source={folder}/output,target=/output {image}"
    )
    start = perf_counter()
    subprocess.run(command.split(), check=True, capture_output=True)
    seconds = perf_counter() - start
    report = folder / "output" / "report.json"
    assert report.read_text() == "{}"
    report.unlink()
    return seconds


def job_run() -> tuple[float, ComponentJob]:
    """Seconds of one ``run_component``, and the job."""
    start = perf_counter()
    job = run_component("puppet-report", {"script": SCRIPT})
    return perf_counter() - start, job


def task_seconds(job: ComponentJob) -> dict[str, float]:
    """Seconds of each task run of the job, as Prefect has them."""

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


def measured(rounds: int) -> dict[str, Any]:
    """Medians over some rounds; the component is registered and the server warm."""
    _, first = job_run()
    with bare_folder() as folder:
        bare_run(first.image.sha256, folder)
        runs = [(bare_run(first.image.sha256, folder), *job_run()) for _ in range(rounds)]
    steps: dict[str, list[float]] = defaultdict(list)
    for _, _, job in runs:
        for name, seconds in task_seconds(job).items():
            steps[name].append(seconds)
        steps["container itself"].append(job.exec_duration_s or 0)
    plain, whole = statistics.median(run[0] for run in runs), statistics.median(run[1] for run in runs)
    return {
        "rounds": rounds,
        "bare_docker_run_s": plain,
        "run_component_s": whole,
        "ratio": whole / plain,
        "above_bare_s": statistics.median(run[1] - run[0] for run in runs),
        "goal_above_bare_s": GOAL_S,
        "steps_s": {name: statistics.median(values) for name, values in steps.items()},
    }


def show(figures: dict[str, Any]) -> None:
    """Print the table."""
    print(f"\n# What a job costs beyond its container (medians of {figures['rounds']} rounds)")
    print(f"{'bare docker run':<28}{figures['bare_docker_run_s']:8.3f} s")
    print(f"{'run_component':<28}{figures['run_component_s']:8.3f} s   {figures['ratio']:.2f} times the bare run")
    print(
        f"{'above the bare run':<28}{figures['above_bare_s']:8.3f} s   goal: at most {figures['goal_above_bare_s']} s"
    )
    for name, seconds in figures["steps_s"].items():
        print(f"  {name:<26}{seconds:8.3f} s")
