"""Measures the volume of each brain tissue.

Reads the segmentation in /input/images/brain-tissues; writes /output/tissue-volumes.json:
{"unit": "ml", "volumes": {"CSF": 271.7, "Grey matter": 883.3, "White matter": 726.2}}.
"""

import json
import sys
from pathlib import Path

import numpy as np
import SimpleITK as sitk

INPUT = Path("/input/images/brain-tissues")
OUTPUT = Path("/output/tissue-volumes.json")
TISSUES = {"CSF": 1, "Grey matter": 2, "White matter": 3}
MM3_PER_ML = 1000


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


def volumes_ml(tissues: sitk.Image) -> dict[str, float]:
    """The volume of each tissue in millilitres; 0 for a tissue that no voxel has.

    Raises:
        BadInput: The image is not a 3D label image.
    """
    if tissues.GetDimension() != 3 or tissues.GetNumberOfComponentsPerPixel() != 1:
        raise BadInput("The segmentation must have three dimensions and one label per voxel.")
    labels = sitk.GetArrayViewFromImage(tissues)
    voxel_mm3 = float(np.prod(tissues.GetSpacing()))
    return {name: np.count_nonzero(labels == label) * voxel_mm3 / MM3_PER_ML for name, label in TISSUES.items()}


def main() -> None:
    """Runs the component once."""
    volumes = volumes_ml(read_image(INPUT))
    OUTPUT.write_text(json.dumps({"unit": "ml", "volumes": volumes}), encoding="utf-8")
    for name, volume in volumes.items():
        print(f"{name}: {volume:.1f} ml")


if __name__ == "__main__":
    try:
        main()
    except BadInput as problem:
        sys.exit(str(problem))
