"""What lies in the folder in which a page's examples are run: what its reader has, too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import SimpleITK as sitk


def prepare(page: str, folder: Path, environment: dict[str, str]) -> None:
    """Put into a folder, and register, what a page starts from: it names a scan that everybody has, or components."""
    if page != "docs/tutorial.md":
        write_scan(folder / "scan.nii.gz")
    if page in PREPARED:
        PREPARED[page](folder, environment)


def write_scan(path: Path, size: tuple[int, int, int] = (16, 15, 12)) -> None:
    """A ball with four grey values in shells, as a brain has tissues."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ball = sitk.GaussianSource(
        sitk.sitkFloat32, size=size, sigma=[4.0] * 3, mean=[one / 2 for one in size], scale=4, spacing=[1.0] * 3
    )
    sitk.WriteImage(sitk.Cast(ball, sitk.sitkUInt8) * 60, path)


PREPARED: dict[str, Callable[[Path, dict[str, str]], None]] = {}
