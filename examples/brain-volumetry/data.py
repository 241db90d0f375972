"""The example's data: the ICBM 152 average brain that the package nilearn carries, at 1 mm.

Its files are read where they are installed; nilearn itself, which loads slowly, is not imported.
"""

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import SimpleITK as sitk

CSF, GREY_MATTER, WHITE_MATTER = 1, 2, 3
# The maps give a voxel's share of a tissue as 8-bit values: 255 is all of it.
WHOLE = 255


def t1_image() -> Path:
    """The skull-stripped T1 MR image, a NIfTI file of 197 x 233 x 189 voxels.

    Raises:
        FileNotFoundError: nilearn is not installed, or carries the file no more.
    """
    return _installed("t1")


def reference_segmentation(into: Path) -> Path:
    """Writes ``reference-tissues.mha``: each brain voxel's tissue after nilearn's two tissue maps.

    The brain is where the T1 image is above 0. What a voxel's shares of grey and white matter leave is taken
    as its share of CSF, and the voxel gets the label of its largest share.

    Args:
        into: The folder; it is made where it is missing.

    Returns:
        The file: 0 background, 1 CSF, 2 grey matter, 3 white matter, on the voxel grid of the T1 image.

    Raises:
        FileNotFoundError: nilearn is not installed, or carries the files no more.
    """
    t1 = sitk.ReadImage(_installed("t1"))
    grey, white = (_values(sitk.ReadImage(_installed(name))) for name in ("gm", "wm"))
    reference = sitk.GetImageFromArray(tissue_labels(_values(t1) > 0, grey, white))
    reference.CopyInformation(t1)
    into.mkdir(parents=True, exist_ok=True)
    file = into / "reference-tissues.mha"
    sitk.WriteImage(reference, file, useCompression=True)
    return file


def tissue_labels(brain: np.ndarray, grey: np.ndarray, white: np.ndarray) -> np.ndarray:
    """The tissue with the largest share in each brain voxel, as 8-bit labels; 0 outside the brain.

    Args:
        brain: True inside the brain.
        grey: Share of grey matter, from 0 to `WHOLE`; of the same shape.
        white: Share of white matter, likewise; the two add up to `WHOLE` at most.
    """
    csf = WHOLE - grey - white
    labels = np.array([CSF, GREY_MATTER, WHITE_MATTER], dtype=np.uint8)
    return np.where(brain, labels[np.argmax([csf, grey, white], axis=0)], np.uint8(0))


def _installed(name: str) -> Path:
    package = find_spec("nilearn")
    if package is None or package.origin is None:
        raise FileNotFoundError("The example's data are in nilearn: pip install 'component-flows[demo]'")
    folder = Path(package.origin).parent / "datasets" / "data"
    file = folder / f"mni_icbm152_{name}_tal_nlin_sym_09a_converted.nii.gz"
    if not file.is_file():
        raise FileNotFoundError(f"This nilearn lacks {file.name}; install the version in constraints.txt")
    return file


def _values(image: sitk.Image) -> np.ndarray:
    """The voxels in (z, y, x), signed, so that shares can be subtracted."""
    return sitk.GetArrayViewFromImage(image).astype(np.int16)


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    reference_segmentation(folder)
    shutil.copy(t1_image(), folder / "T1.nii.gz")
