"""Compares a segmentation of brain tissues with a reference, tissue by tissue.

Reads the segmentations in /input/images/brain-tissues and /input/images/reference-tissues; writes
/output/tissue-agreement.json: {"dice": {"CSF": 0.71, "Grey matter": 0.89, "White matter": 0.93}}.
"""

import json
import sys
from pathlib import Path

import numpy as np
import SimpleITK as sitk

TISSUES_INPUT = Path("/input/images/brain-tissues")
REFERENCE_INPUT = Path("/input/images/reference-tissues")
OUTPUT = Path("/output/tissue-agreement.json")
TISSUES = {"CSF": 1, "Grey matter": 2, "White matter": 3}
# Image files round their geometry; a hundredth of a millimetre is far below any voxel's size.
TOLERANCE_MM = 0.01


class BadInput(Exception):
    """The input is not what this component needs; the text says why."""


def read_image(folder: Path) -> sitk.Image:
    """The one image in the folder; the data file of an .mhd header does not count as one."""
    files = [file for file in folder.glob("*") if file.suffix.lower() not in {".raw", ".zraw"}]
    if len(files) != 1:
        raise BadInput(f"{folder} must hold exactly one image, but holds {len(files)}.")
    try:
        return sitk.ReadImage(files[0])
    except RuntimeError as error:
        raise BadInput(f"{files[0].name} can't be read as an image.") from error


def check_same_grid(image: sitk.Image, reference: sitk.Image) -> None:
    """Refuses two images whose voxels do not lie at the same places in the patient.

    Raises:
        BadInput: They differ in size, or a corner of theirs lies elsewhere.
    """
    if image.GetSize() != reference.GetSize():
        raise BadInput(
            f"The segmentation has {image.GetSize()} voxels and the reference {reference.GetSize()}; "
            "they must lie on the same voxel grid."
        )
    for corner in np.ndindex((2,) * image.GetDimension()):
        index = [int(side * (size - 1)) for side, size in zip(corner, image.GetSize(), strict=True)]
        here = np.array(image.TransformIndexToPhysicalPoint(index))
        there = np.array(reference.TransformIndexToPhysicalPoint(index))
        if np.linalg.norm(here - there) > TOLERANCE_MM:
            raise BadInput(
                f"Voxel {tuple(index)} lies at {here.round(2).tolist()} mm in the segmentation and at "
                f"{there.round(2).tolist()} mm in the reference; they must lie on the same voxel grid."
            )


def dice(image: sitk.Image, reference: sitk.Image) -> dict[str, float | None]:
    """Each tissue's Dice coefficient: twice the common voxels over the sum of both; None if neither has it.

    Raises:
        BadInput: The two do not lie on the same voxel grid.
    """
    check_same_grid(image, reference)
    labels, expected = sitk.GetArrayViewFromImage(image), sitk.GetArrayViewFromImage(reference)
    scores: dict[str, float | None] = {}
    for name, label in TISSUES.items():
        found, wanted = labels == label, expected == label
        total = int(np.count_nonzero(found)) + int(np.count_nonzero(wanted))
        scores[name] = 2 * int(np.count_nonzero(found & wanted)) / total if total else None
    return scores


def main() -> None:
    """Runs the component once."""
    scores = dice(read_image(TISSUES_INPUT), read_image(REFERENCE_INPUT))
    OUTPUT.write_text(json.dumps({"dice": scores}), encoding="utf-8")
    for name, score in scores.items():
        print(f"{name}: " + ("in neither segmentation" if score is None else f"{score:.3f}"))


if __name__ == "__main__":
    try:
        main()
    except BadInput as problem:
        sys.exit(str(problem))
