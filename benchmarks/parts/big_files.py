"""Is a 1 GiB input or output ever copied? Which file the container saw tells (its inode), and how long the steps take
beside one plain ``cp`` of as much.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from time import perf_counter
from typing import Any

from flows import register, run_component
from interfaces import ComponentInterfaceValue
from interfaces.database.interface_records import find_interfaces
from interfaces.site import get_site
from interfaces.storage.stored_file import sha256_of
from parts.overhead import task_seconds

COMPONENT = Path(__file__).parents[1] / "big_file"
GIB = 2**30


def stored_input(folder: Path) -> tuple[ComponentInterfaceValue, float]:
    """A stored value of 1 GiB, and the seconds that taking it into the store took, once for all jobs that use it."""
    sys.path.insert(0, str(COMPONENT))
    from movie import write_movie

    source = folder / "movie.mp4"
    write_movie(source, GIB)
    with get_site().database.session() as session:
        interface = find_interfaces(session, ["benchmark-movie-in"])["benchmark-movie-in"]
    start = perf_counter()
    value = interface.create_instance(file=source)
    return value, perf_counter() - start


def copied(source: Path, target: Path) -> float:
    """Seconds of one ``cp``, without what a file system may do in place of copying."""
    start = perf_counter()
    subprocess.run(["cp", "--reflink=never", str(source), str(target)], check=True)
    seconds = perf_counter() - start
    target.unlink()
    return seconds


def measured(folder: Path, *, rounds: int) -> dict[str, Any]:
    """Medians over some rounds, each with one ``cp``, one SHA-256 and one job.

    Args:
        folder: On the store's disk.
        rounds: How many.
    """
    register(COMPONENT)
    value, taken_s = stored_input(folder)
    assert value.path is not None
    seconds: dict[str, list[float]] = defaultdict(list)
    linked = moved = True
    for _ in range(rounds):
        seconds["cp"].append(copied(value.path, folder / "copy"))
        start = perf_counter()
        sha256_of(value.path)
        seconds["sha256"].append(perf_counter() - start)
        job = run_component("benchmark-big-file", {"benchmark-movie-in": value})
        for name, spent in task_seconds(job).items():
            seconds[name].append(spent)
        # Laying the input out, and the engine's own part.
        seconds["around the container"].append(seconds["execute"][-1] - (job.exec_duration_s or 0))
        seen = json.loads(job.stdout)
        output = job.outputs["benchmark-movie-out"].path
        assert output is not None
        linked &= seen["input_inode"] == value.path.stat().st_ino
        moved &= seen["output_inode"] == output.stat().st_ino
    steps = {name: statistics.median(values) for name, values in seconds.items()}
    return {
        "rounds": rounds,
        "input_is_the_stored_file": linked,
        "output_is_the_written_file": moved,
        "stored_once_s": taken_s,
        "steps_s": steps,
        "around_to_cp": steps["around the container"] / steps["cp"],
        "collect_to_cp": steps["collect outputs"] / steps["cp"],
        "collect_to_sha256": steps["collect outputs"] / steps["sha256"],
    }


def show(figures: dict[str, Any]) -> None:
    """Print the table."""
    steps = figures["steps_s"]
    print(f"\n# A 1 GiB input and a 1 GiB output (medians of {figures['rounds']} rounds)")
    print(f"the container's input is the stored file:   {figures['input_is_the_stored_file']}")
    moved = figures["output_is_the_written_file"]
    print(f"the stored output is the file it wrote:     {moved}")
    if not moved:
        print("  (it was copied once: the engine's folder is not on the same mount as the home folder)")
    print(f"{'plain cp of 1 GiB':<28}{steps['cp']:8.3f} s")
    print(f"{'SHA-256 of 1 GiB':<28}{steps['sha256']:8.3f} s")
    around = steps["around the container"]
    print(f"{'execute, but the container':<28}{around:8.3f} s   {figures['around_to_cp']:.2f} of cp (the input)")
    print(f"{'collect (the output)':<28}{steps['collect outputs']:8.3f} s   {figures['collect_to_cp']:.2f} of cp,")
    print(f"{'':<39}{figures['collect_to_sha256']:.2f} of the SHA-256, which is its address")
    print(f"{'execute (it writes 1 GiB)':<28}{steps['execute']:8.3f} s")
