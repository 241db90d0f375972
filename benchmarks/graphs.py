"""How long graphs of trivial jobs take: a chain of 20, a fan-out of 20 and one of 200, and all of it again from earlier
results; beside cwltool, plain calls to the engine, and bare `docker run`.

cwltool runs the same program in the base image, since it leaves an image's entry point in place. It runs the chain and
the small fan-out only: the large one would take it minutes, and tell nothing new.
Prints a table and writes ``benchmarks/results/graphs.json``. It needs the extra ``bench``.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

from docker import APIClient
from parts.adders import chain, cwltool_seconds, fan, write_cwl, write_definitions
from parts.overhead import bare_folder
from parts.throughput import PARALLEL, plain_request, plain_runs

from flows import register, run_graph, server
from interfaces.database.component_records import desired_image
from interfaces.engine import get_engine
from interfaces.settings import get_settings
from interfaces.site import get_site
from tasks.import_image import LOCAL_BASE_IMAGE

RESULTS = Path(__file__).parent / "results"
ROUNDS = 3
GRAPHS = {"chain of 20": chain(20), "fan-out of 20": fan(20), "fan-out of 200": fan(200)}
WITH_CWLTOOL = ("chain of 20", "fan-out of 20")


def slug(graph: dict[str, Any]) -> str:
    """The name that it is registered under."""
    return str(graph["title"]).lower().replace(" ", "-")


def graph_seconds(graph: dict[str, Any], first: int, **options: Any) -> float:
    """How long one run takes, checking that every sum is right."""
    inputs = {name: first + 1000 * number for number, name in enumerate(graph["inputs"])}
    start = perf_counter()
    run = run_graph(slug(graph), inputs, **options)
    seconds = perf_counter() - start
    steps = len(graph["nodes"]) // len(graph["inputs"])
    wanted = sorted(number + steps for number in inputs.values())
    assert sorted(value.value for value in run.outputs.values()) == wanted
    return seconds


def docker_run_seconds(image: str, count: int) -> float:
    """How long the docker command takes for so many containers, one after another."""
    command = ["docker", "run", "--rm", "--network", "none", "--entrypoint", "true", image]
    start = perf_counter()
    for _ in range(count):
        subprocess.run(command, check=True, capture_output=True)
    return perf_counter() - start


def plain_seconds(image: str, count: int) -> tuple[float, int]:
    """How long plain calls to the engine take at their best parallelism, and which that is."""
    with bare_folder() as folder:
        (folder / "input" / "number.json").write_text("1")
        request = plain_request(image, folder)
        api = APIClient(max_pool_size=2 * max(PARALLEL), timeout=120)
        best = min((plain_runs(api, request, count, parallel), parallel) for parallel in PARALLEL)
        api.close()
    return best


def measured(folder: Path) -> dict[str, Any]:
    """Medians of some rounds, each of which runs everything once."""
    write_definitions(folder, list(GRAPHS.values()))
    register(folder)
    with get_site().database.session() as session:
        image = desired_image(session, "adder")
    assert image is not None
    times: dict[str, dict[str, list[float]]] = {name: {} for name in GRAPHS}
    best = {}
    for turn in range(ROUNDS):
        for name, graph in GRAPHS.items():
            first, count = 1_000_000 * (turn + 1) + len(name), len(graph["nodes"])
            row = times[name]
            row.setdefault("run_graph", []).append(graph_seconds(graph, first))
            row.setdefault("again", []).append(graph_seconds(graph, first))
            if name != "chain of 20":
                seconds, best[name] = plain_seconds(image.sha256, count)
                row.setdefault("plain engine calls", []).append(seconds)
            if name in WITH_CWLTOOL:
                row.setdefault("docker run", []).append(docker_run_seconds(image.sha256, count))
                with tempfile.TemporaryDirectory(dir=folder) as place:
                    files = write_cwl(Path(place), graph, LOCAL_BASE_IMAGE)
                    parallel = name != "chain of 20"
                    row.setdefault("cwltool", []).append(cwltool_seconds(files, Path(place), parallel=parallel))
    medians = {name: {what: statistics.median(each) for what, each in row.items()} for name, row in times.items()}
    return {"rounds": ROUNDS, "seconds": medians, "best_parallelism": best}


def show(figures: dict[str, Any]) -> None:
    """Print the table."""
    columns = ("run_graph", "again", "plain engine calls", "docker run", "cwltool")
    print(f"\n# Seconds, medians of {figures['rounds']} rounds")
    print(f"{'':>16}" + "".join(f"{column:>20}" for column in columns))
    for name, row in figures["seconds"].items():
        cells = [f"{row[column]:>19.2f}s" if column in row else f"{'-':>20}" for column in columns]
        print(f"{name:>16}{''.join(cells)}")
    for name, row in figures["seconds"].items():
        if "cwltool" in row:
            print(f"{name}: {row['run_graph'] / row['cwltool']:.2f} of cwltool's time (goal: at most 0.33)")
        if "plain engine calls" in row:
            part = row["plain engine calls"] / row["run_graph"]
            print(f"{name}: {part:.2f} of the jobs per second of plain engine calls (goal: at least 0.8)")
    again = figures["seconds"]["fan-out of 200"]["again"]
    print(f"200 nodes from earlier results: {again:.2f} s (goal: at most 5 s)")


def main() -> None:
    """Measure in a home folder of its own."""
    place = os.environ.get("COMPONENT_FLOWS_HOME") or Path.home()
    with tempfile.TemporaryDirectory(prefix=".component-flows-bench-", dir=place) as home:
        Path(home).chmod(0o755)
        os.environ["COMPONENT_FLOWS_HOME"] = home
        os.environ.pop("PREFECT_API_URL", None)
        get_settings.cache_clear()
        definitions = Path(home) / "definitions"
        definitions.mkdir()
        try:
            register(Path(__file__).parents[1] / "tests" / "puppet")
            figures = measured(definitions)
        finally:
            server.stop()
            get_site().database.close()
        machine = f"{os.cpu_count()} cores, {platform.machine()}, engine {get_engine().info().version}"
        print(machine)
        show(figures)
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "graphs.json").write_text(json.dumps({"machine": machine, **figures}, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
