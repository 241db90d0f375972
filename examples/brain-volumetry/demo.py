"""The main job from end to end: tissue volumes of a brain, and how well they agree with a reference.

Run it with ``make demo``, or with the project's Python and a folder to write to.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from data import reference_segmentation, t1_image
from overlay import overlay_picture
from rich.console import Console
from rich.table import Table

from flows import register, run_graph
from flows.server import ui_url
from interfaces import ComponentJob
from interfaces.export import export_values
from interfaces.graph_run import GraphRun

HERE = Path(__file__).parent
MB = 2**20

console = Console(highlight=False)


def main(output: Path) -> None:
    """Register the example, run its graph, show and write what came out."""
    console.print("1/3  Registering interfaces, components and graph (images are built once)")
    done = register(HERE)
    console.print(f"     new or changed: {', '.join(done.changed) or 'nothing'}")
    console.print("2/3  Running the graph brain-volumetry on a T1 MR of 197 x 233 x 189 voxels")
    with tempfile.TemporaryDirectory() as scratch:
        run = run_graph("brain-volumetry", {"mri": t1_image(), "reference": reference_segmentation(Path(scratch))})
    console.print("3/3  Writing outputs")
    export_values(run.outputs.values(), output)
    picture = overlay_picture(t1_image(), run.outputs["tissues"].path, output)
    show(run)
    console.print(f"\nOutputs: {output}\nPicture: {picture}")
    console.print(f"Runs in the Prefect UI: {ui_url()}")


def show(run: GraphRun) -> None:
    """Print the tissues' volumes and agreement, and what each job took."""
    volumes = run.outputs["volumes"].value
    dice = run.outputs["agreement"].value["dice"]
    tissues = Table(title="Brain volumetry", title_justify="left")
    tissues.add_column("tissue")
    tissues.add_column(f"volume ({volumes['unit']})", justify="right")
    tissues.add_column("Dice", justify="right")
    for name, volume in volumes["volumes"].items():
        tissues.add_row(name, f"{volume:.0f}", "-" if dice[name] is None else f"{dice[name]:.3f}")
    jobs = Table(title="Jobs", title_justify="left")
    for name in ("node", "component", "container", "whole job", "memory", "average"):
        jobs.add_column(name, no_wrap=True, justify="left" if name in ("node", "component") else "right")
    for name, job in run.jobs.items():
        average = ComponentJob.objects.average_duration(component=job.component)
        jobs.add_row(
            name,
            job.component,
            f"{job.exec_duration_s or 0:.2f} s",
            f"{job.duration.total_seconds():.2f} s" if job.duration else "-",
            f"{(job.peak_memory_bytes or 0) / MB:.0f} MB",
            f"{average.total_seconds():.2f} s" if average else "-",
        )
    console.print()
    console.print(tissues)
    console.print(jobs)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "output/brain-volumetry").absolute())
