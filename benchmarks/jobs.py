"""What a job costs beyond its container, how many run a second, whether large files are copied, and how long
summaries over a million jobs take. Each question has a file of its own in ``benchmarks/parts``.

Prints tables and writes ``benchmarks/results/jobs.json``. Everything happens in a home folder of its own, below
COMPONENT_FLOWS_HOME or else the user's home, which is removed at the end; it needs about 10 GB of disk.
``python benchmarks/jobs.py overhead`` asks one question alone.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from parts import big_files, million_jobs, overhead, throughput, warm

from flows import register, server
from interfaces.engine import get_engine
from interfaces.settings import get_settings
from interfaces.site import get_site

PUPPET = Path(__file__).parents[1] / "tests" / "puppet"
RESULTS = Path(__file__).parent / "results"

Question = tuple[Callable[[Path], dict[str, Any]], Callable[[dict[str, Any]], None]]

QUESTIONS: dict[str, Question] = {
    "overhead": (lambda _: overhead.measured(rounds=15), overhead.show),
    "throughput": (lambda _: throughput.measured(count=24, rounds=3), throughput.show),
    "warm": (lambda _: warm.measured(count=16, rounds=3), warm.show),
    "big_files": (lambda home: big_files.measured(home, rounds=3), big_files.show),
    # Last, since it fills the database.
    "summaries": (lambda _: million_jobs.measured(count=1_000_000, rounds=5), million_jobs.show),
}


def main() -> None:
    """Ask the questions that the command line names, or all."""
    wanted = sys.argv[1:] or list(QUESTIONS)
    if unknown := [name for name in wanted if name not in QUESTIONS]:
        sys.exit(f"there is no question '{unknown[0]}', only {', '.join(QUESTIONS)}")
    # So that what was started is stopped, too, where the run is ended from outside.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    # Below the user's own folder and not in /tmp, which may be another file system than the engine's, or memory.
    place = os.environ.get("COMPONENT_FLOWS_HOME") or Path.home()
    with tempfile.TemporaryDirectory(prefix=".component-flows-bench-", dir=place) as home:
        Path(home).chmod(0o755)
        os.environ["COMPONENT_FLOWS_HOME"] = home
        os.environ.pop("PREFECT_API_URL", None)
        get_settings.cache_clear()
        try:
            ask(wanted, Path(home))
        finally:
            server.stop()
            get_site().database.close()


def ask(wanted: list[str], home: Path) -> None:
    """Print each table as soon as it is there."""
    register(PUPPET)
    machine = f"{os.cpu_count()} cores, {platform.machine()}, engine {get_engine().info().version}"
    figures: dict[str, Any] = {"machine": machine}
    print(machine)
    for name in wanted:
        measure, show = QUESTIONS[name]
        figures[name] = measure(home)
        show(figures[name])
        sys.stdout.flush()
    RESULTS.mkdir(exist_ok=True)
    name = "jobs" if wanted == list(QUESTIONS) else "jobs-" + "-".join(wanted)
    (RESULTS / f"{name}.json").write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
