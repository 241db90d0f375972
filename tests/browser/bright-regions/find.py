"""Marks the voxels of a region that are brighter than a threshold; takes its time, so that it can be watched."""

import json
import time
from pathlib import Path

import numpy as np
import SimpleITK as sitk

PARTS = 4
PAUSE_S = 2


def read(name: str) -> object:
    return json.loads(Path(f"/input/{name}.json").read_text())


print(f"{read('remark')} ({read('contrast')})")
(scan,) = Path("/input/images/brain-mri").iterdir()
image = sitk.ReadImage(scan, sitk.sitkFloat32)
if read("smooth-first"):
    image = sitk.DiscreteGaussian(image, 1.0)
values = sitk.GetArrayViewFromImage(image)

corners = [image.TransformPhysicalPointToIndex(corner) for corner in read("region-of-interest")["corners"]]
low, high = np.min(corners, axis=0), np.max(corners, axis=0)
inside = np.zeros(values.shape, bool)
inside[:, max(low[1], 0) : high[1] + 1, max(low[0], 0) : high[0] + 1] = True
bright = np.zeros(values.shape, np.uint8)
for number, part in enumerate(np.array_split(np.arange(len(values)), PARTS), start=1):
    bright[part] = (values[part] > values.max() * read("threshold") / 100) & inside[part]
    print(f"Part {number} of {PARTS}: {np.count_nonzero(bright[part])} bright voxels")
    time.sleep(PAUSE_S)

marked = sitk.GetImageFromArray(bright)
marked.CopyInformation(image)
folder = Path("/output/images/bright-regions")
folder.mkdir(parents=True)
sitk.WriteImage(marked, folder / "bright-regions.mha", True)
share = np.count_nonzero(bright) / max(np.count_nonzero(inside), 1)
Path("/output/bright-share.json").write_text(json.dumps(round(share, 4)))
