"""A DICOM series made of a real CT slice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pydicom
from pydicom.data import get_testdata_file
from pydicom.uid import generate_uid


def write_dicom_series(
    target: Path,
    *,
    depths_mm: Sequence[float] = (0.0, 2.5, 5.0, 7.5),
    change: Callable[[int, pydicom.Dataset], None] = lambda number, dataset: None,
) -> Path:
    """Write a folder with a series, in an order that no name tells; the name of the folder decides its identifiers."""
    target.mkdir()
    series_uid = generate_uid(entropy_srcs=[target.name])
    for number, depth in enumerate(depths_mm):
        dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm", download=False))
        dataset.SOPInstanceUID = generate_uid(entropy_srcs=[target.name, str(number)])
        dataset.SeriesInstanceUID = series_uid
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.ImagePositionPatient = [-158.0, -179.0, -75.5 + depth]
        dataset.InstanceNumber = number + 1
        pixels = np.full((128, 128), 1000 + number, np.int16)
        dataset.PixelData = pixels.tobytes()
        change(number, dataset)
        dataset.save_as(target / f"IM{(number * 7 + 3) % 10}{number}")
    return target
