"""Finds the tissues of a skull-stripped T1 brain MR image by three Otsu thresholds.

Reads the image in /input/images/t1-brain-mri; writes /output/images/brain-tissues/tissues.mha: on the same
voxel grid, 0 is background, 1 CSF, 2 grey matter and 3 white matter.
"""

import sys
from pathlib import Path

import numpy as np
import SimpleITK as sitk

INPUT = Path("/input/images/t1-brain-mri")
OUTPUT = Path("/output/images/brain-tissues/tissues.mha")
CLASSES = 4  # background and three tissues; on a T1 image their grey values rise in the order of the labels


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


def segment_tissues(t1: sitk.Image) -> sitk.Image:
    """The tissue of each voxel, as 8-bit labels.

    Raises:
        BadInput: The image is not a 3D grey-value image, or has too few grey values to show tissues.
    """
    if t1.GetDimension() != 3 or t1.GetNumberOfComponentsPerPixel() != 1:
        raise BadInput("The T1 image must have three dimensions and one grey value per voxel.")
    values = sitk.GetArrayViewFromImage(t1)
    if not np.isfinite(values).all():
        raise BadInput("The T1 image holds values that are not finite.")
    if len(np.unique(values)) < CLASSES:
        raise BadInput(f"The T1 image has fewer than {CLASSES} grey values, so it shows no tissues.")
    labels = sitk.OtsuMultipleThresholds(t1, numberOfThresholds=CLASSES - 1)
    return sitk.Cast(labels, sitk.sitkUInt8)


def main() -> None:
    """Runs the component once."""
    tissues = segment_tissues(read_image(INPUT))
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(tissues, OUTPUT, useCompression=True)
    print(f"Wrote {OUTPUT} with {' x '.join(map(str, tissues.GetSize()))} voxels")


if __name__ == "__main__":
    try:
        main()
    except BadInput as problem:
        sys.exit(str(problem))
