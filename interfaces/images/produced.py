"""What a component left in the folder of an image output: exactly one image."""

from __future__ import annotations

from pathlib import Path

from interfaces.errors import ValidationError
from interfaces.images.header import data_file, read_header

PRODUCED = (".mha", ".mhd", ".tif", ".tiff")


def produced_image(folder: Path, *, relative_path: str) -> Path:
    """Find the one image in a folder of plain files.

    Args:
        folder: The files, safely copied out of the container.
        relative_path: What the folder is called in the messages.

    Raises:
        ValidationError: There is no file, no image, or there are several; the text is the message for the user.
    """
    files = sorted(path for path in folder.iterdir() if path.is_file())
    if not files:
        raise ValidationError(f"Output directory '{relative_path}' is empty")
    images = [path for path in files if path.suffix.lower() in PRODUCED and _is_image(path)]
    if not images:
        raise ValidationError(f"No output images could be imported from '{relative_path}'")
    # The raw file of an .mhd header is part of that image, whatever its name.
    parts = {data_file(path) for path in images}
    images = [path for path in images if path not in parts]
    if len(images) > 1:
        raise ValidationError(f"Only 1 image should be produced in '{relative_path}', we found {len(images)}")
    return images[0]


def _is_image(path: Path) -> bool:
    try:
        read_header(path)
    except ValidationError:
        return False
    return True
