"""What lies in the folder in which a page's examples are run: what its reader has, too."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import SimpleITK as sitk
from documents import ROOT
from programs import Program

EXAMPLE = ROOT / "examples" / "brain-volumetry"
GRAPH = """
graph:
  title: Brain volumetry
  inputs: {mri: t1-brain-mri}
  nodes:
    segment: {component: tissue-segmentation, inputs: {t1-brain-mri: mri}}
    measure: {component: tissue-volumes, inputs: {brain-tissues: segment.brain-tissues}}
  outputs: {volumes: measure.tissue-volumes}
"""


def prepare(page: str, folder: Path, environment: dict[str, str]) -> None:
    """Put into a folder, and register, what a page starts from: scans, and components where it uses some."""
    for name in ("scan", "brain"):
        _write_scan(folder / f"{name}.nii.gz")
    if page in PREPARED:
        PREPARED[page](folder, environment)


def _write_scan(path: Path, sigma: float = 4.0) -> None:
    """A ball whose grey values fall off to the outside."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ball = sitk.GaussianSource(sitk.sitkUInt8, size=[16, 15, 12], sigma=[sigma] * 3, mean=[8, 8, 6], scale=240)
    sitk.WriteImage(ball, path)


def _brain(folder: Path, environment: dict[str, str]) -> None:
    """The example's graph without its comparison, registered, and as `my-folder`."""
    mine = folder / "my-folder"
    for name in ("tissue-segmentation", "tissue-volumes"):
        shutil.copytree(EXAMPLE / "components" / name, mine / name)
    shutil.copy(EXAMPLE / "interfaces.yaml", mine)
    (mine / "graph.yaml").write_text(GRAPH)
    _call(folder, environment, "register", "my-folder")


def _brain_ran(folder: Path, environment: dict[str, str]) -> None:
    _brain(folder, environment)
    _call(folder, environment, "run", "tissue-segmentation", "-i", "t1-brain-mri=scan.nii.gz")


def _checkout(folder: Path, environment: dict[str, str]) -> None:
    """What lies in a checkout of the project."""
    (folder / "examples").symlink_to(ROOT / "examples")
    (folder / ".venv").symlink_to(sys.prefix)


def _cases(folder: Path, environment: dict[str, str]) -> None:
    _brain(folder, environment)
    _write_cases(folder, "cases.csv", "mri", "patient-1", "patient-2")
    _write_cases(folder, "scans.csv", "t1-brain-mri", "patient-1", "patient-2")
    _write_scan(folder / "3.nii.gz", sigma=4.5)


def _phase(folder: Path, environment: dict[str, str]) -> None:
    _brain(folder, environment)
    _write_cases(folder, "cases.csv", "t1-brain-mri", "case-1", "case-7")


def _write_cases(folder: Path, file: str, column: str, *cases: str) -> None:
    """A table of cases with a scan each."""
    for number in range(len(cases)):
        _write_scan(folder / f"{number}.nii.gz", sigma=3.0 + number / 2)
    rows = [f"{case},{number}.nii.gz" for number, case in enumerate(cases)]
    (folder / file).write_text("\n".join([f"case,{column}", *rows]) + "\n")


def _call(folder: Path, environment: dict[str, str], *words: str) -> None:
    program = Program("cli", *words, cwd=folder, **environment)
    output, errors = program.communicate(timeout=300)
    assert program.returncode == 0, f"{words}:\n{output}{errors}"


PREPARED: dict[str, Callable[[Path, dict[str, str]], None]] = {
    "docs/how-to/batch.md": _cases,
    "docs/how-to/clean.md": _brain_ran,
    "docs/how-to/evaluation.md": _phase,
    "docs/how-to/graphs.md": _brain,
    "docs/how-to/many-machines.md": _cases,
    "docs/how-to/prefect-ui.md": _brain,
    "docs/how-to/provenance.md": _brain_ran,
    "docs/how-to/reports.md": _brain_ran,
    "docs/how-to/resume.md": _brain,
    "docs/how-to/statistics.md": _brain_ran,
    "docs/previews.md": _brain_ran,
    "examples/brain-volumetry/README.md": _checkout,
}
