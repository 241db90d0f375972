"""What a component left in the folder of an image output: exactly one image."""

from __future__ import annotations

from pathlib import Path

from interfaces.errors import ValidationError
from interfaces.images.formats import METAIMAGE, image_format, image_suffix
from interfaces.images.header import read_header
from interfaces.images.metaimage import metaimage_layout


def produced_image(folder: Path, *, relative_path: str) -> Path:
    """Find the one image (.mha, .mhd with its raw file, .tif, .tiff) in a folder of plain files.

    Files that are no image may lie beside it. What is in the image is checked elsewhere (`check_image`).

    Args:
        folder: The files, safely copied out of the container.
        relative_path: What the folder is called in the messages.

    Returns:
        The image; of an .mhd with a raw file the header.

    Raises:
        ValidationError: There is no file, no image, or there are several; the text is the message for the user.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if not files:
        raise ValidationError(f"Output directory '{relative_path}' is empty")
    refused: list[ValidationError] = []
    images: list[Path] = []
    for path in files:
        if image_suffix(path) is None or not image_format(path).may_be_produced:
            continue
        try:
            read_header(path)
        except ValidationError as error:
            refused.append(error)
        else:
            images.append(path)
    # The voxels of an .mhd are part of it, whatever the name of their file.
    headers = [path for path in images if image_format(path) is METAIMAGE]
    parts = {layout.data_file for path in headers if (layout := metaimage_layout(path)).data_file != path}
    images = [path for path in images if path not in parts]
    if not images:
        raise ValidationError(f"No output images could be imported from '{relative_path}'") from (
            refused[0] if refused else None
        )
    if len(images) > 1:
        raise ValidationError(f"Only 1 image should be produced in '{relative_path}', we found {len(images)}")
    return images[0]
