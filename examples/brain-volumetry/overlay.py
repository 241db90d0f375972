"""A picture of a brain MR image with its tissues in colour over it."""

from pathlib import Path

import numpy as np
import SimpleITK as sitk
from PIL import Image, ImageDraw, ImageFont

# Label, name and colour (RGB); told apart also by people who see colours less well (Okabe and Ito, 2008).
TISSUES = (
    (1, "CSF", (86, 180, 233)),
    (2, "Grey matter", (230, 159, 0)),
    (3, "White matter", (0, 158, 115)),
)
COLOUR_SHARE = 0.45
PIXELS_PER_MM = 2.5
MARGIN = 32  # pixels around each plane, wide enough for its letters
BORDER_MM = 6.0  # background that is left around the tissues
# In the midline itself there is little but the cleft between the hemispheres.
SAGITTAL_OFFSET_MM = 16.0
PAPER, INK = (0, 0, 0), (220, 220, 220)


def overlay_picture(t1: Path, segmentation: Path, into: Path) -> Path:
    """Writes ``overlay.png``: an axial, a coronal and a sagittal plane, the MR above, its tissues below.

    The planes go through the centre of the tissues, the sagittal one a little to the patient's left. As in
    radiology, the patient's right is on the picture's left; in the sagittal plane the face is on the left.
    Letters name the sides.

    Args:
        t1: The MR image, of any orientation.
        segmentation: The tissues; on another voxel grid they are brought onto that of the MR image.
        into: The folder; it is made where it is missing.
    """
    image = sitk.DICOMOrient(sitk.ReadImage(t1, sitk.sitkFloat32), "LPS")
    on_grid = sitk.Resample(sitk.ReadImage(segmentation), image, sitk.Transform(), sitk.sitkNearestNeighbor)
    values, labels = sitk.GetArrayViewFromImage(image), sitk.GetArrayViewFromImage(on_grid)
    around = _box_around(labels > 0, image.GetSpacing())
    values, labels = values[around], labels[around]
    grey = np.repeat(to_grey(values, labels > 0)[..., None], 3, axis=-1)
    rows = [_three_planes(volume, labels, image.GetSpacing()) for volume in (grey, in_colour(grey, labels))]

    picture = Image.new("RGB", (rows[0].width, rows[0].height + rows[1].height + 2 * MARGIN), PAPER)
    picture.paste(rows[0], (0, 0))
    picture.paste(rows[1], (0, rows[0].height))
    _draw_legend(picture)
    into.mkdir(parents=True, exist_ok=True)
    file = into / "overlay.png"
    picture.save(file)
    return file


def to_grey(values: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Grey values from 0 to 255, in a window that 1 % of the voxels inside lie below, and 0.5 % above."""
    low, high = np.percentile(values[inside] if inside.any() else values, (1, 99.5))
    return (np.clip((values - low) / max(high - low, 1e-6), 0, 1) * 255).astype(np.uint8)


def in_colour(grey: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The grey volume (z, y, x, RGB) with each tissue's colour blended over it."""
    coloured = grey.copy()
    for label, _, colour in TISSUES:
        here = labels == label
        coloured[here] = ((1 - COLOUR_SHARE) * grey[here] + COLOUR_SHARE * np.array(colour)).astype(np.uint8)
    return coloured


def _box_around(inside: np.ndarray, spacing_mm: tuple[float, ...]) -> tuple[slice, ...]:
    """The part of the volume (z, y, x) that holds what is inside, and a border; all of it if nothing is."""
    if not inside.any():
        return (slice(None),) * 3
    places = np.argwhere(inside)
    border = np.ceil(BORDER_MM / np.array(spacing_mm[::-1])).astype(int)
    first, last = np.maximum(places.min(axis=0) - border, 0), places.max(axis=0) + border
    return tuple(slice(int(start), int(stop) + 1) for start, stop in zip(first, last, strict=True))


def _three_planes(volume: np.ndarray, labels: np.ndarray, spacing_mm: tuple[float, ...]) -> Image.Image:
    """The three planes side by side; the axes of `volume` (z, y, x, RGB) go to superior, posterior, left."""
    inside = np.argwhere(labels > 0)
    z, y, x = (inside.mean(axis=0) if len(inside) else np.array(labels.shape) / 2).astype(int)
    dx, dy, dz = spacing_mm
    beside = min(x + round(SAGITTAL_OFFSET_MM / dx), labels.shape[2] - 1)
    planes = [
        _plane(volume[z], (dx, dy), "RLAP"),
        _plane(volume[::-1, y], (dx, dz), "RLSI"),
        _plane(volume[::-1, :, beside], (dy, dz), "APSI"),
    ]
    row = Image.new("RGB", (sum(plane.width for plane in planes), max(plane.height for plane in planes)), PAPER)
    left = 0
    for plane in planes:
        row.paste(plane, (left, (row.height - plane.height) // 2))
        left += plane.width
    return row


def _plane(pixels: np.ndarray, pixel_mm: tuple[float, float], sides: str) -> Image.Image:
    """One plane at true proportions, with the letters of its left, right, upper and lower side."""
    height, width = pixels.shape[:2]
    size = (round(width * pixel_mm[0] * PIXELS_PER_MM), round(height * pixel_mm[1] * PIXELS_PER_MM))
    plane = Image.new("RGB", (size[0] + 2 * MARGIN, size[1] + 2 * MARGIN), PAPER)
    plane.paste(Image.fromarray(np.ascontiguousarray(pixels)).resize(size, Image.Resampling.BICUBIC), (MARGIN, MARGIN))
    middle_x, middle_y, near = plane.width / 2, plane.height / 2, MARGIN * 0.7
    places = [
        (near, middle_y),
        (plane.width - near, middle_y),
        (middle_x, near),
        (middle_x, plane.height - near),
    ]
    draw = ImageDraw.Draw(plane)
    for letter, place in zip(sides, places, strict=True):
        draw.text(place, letter, fill=INK, font=ImageFont.load_default(18), anchor="mm")
    return plane


def _draw_legend(picture: Image.Image) -> None:
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(18)
    left, middle = MARGIN, picture.height - MARGIN
    for _, name, colour in TISSUES:
        draw.rectangle((left, middle - 8, left + 16, middle + 8), fill=colour)
        draw.text((left + 24, middle), name, fill=INK, font=font, anchor="lm")
        left += 24 + round(draw.textlength(name, font=font)) + MARGIN
