"""The files of a limited run, taken so that they are what was checked, whoever changes the folders meanwhile."""

from __future__ import annotations

import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from interfaces.access import checked_input, is_limited
from interfaces.errors import ValidationError
from interfaces.images.folders import usable_files
from interfaces.images.metaimage import data_file_name
from interfaces.site import get_site
from interfaces.storage.hostile_tree import HostileTree

MAX_BYTES = 2**63 - 1
"""Of one file: the disk is the bound, as for those who are not limited."""


@contextmanager
def readable(path: Path) -> Iterator[Path]:
    """A person's file or folder, to be read in the block.

    For a limited run it is a copy in this site's own folder, under the same name. A path that was checked could lead
    elsewhere by the time it is opened; so it is walked from the allowed folder without following any link, opened once
    and copied. File systems that can share blocks copy nothing.

    Args:
        path: As it was given; for a limited run it may be relative to an allowed folder.

    Raises:
        ValidationError: It is outside the allowed folders, is not there or can't be read, or a file in it is no plain
            file or has further names.
    """
    if not is_limited():
        yield path
        return
    root, real = checked_input(path)
    with get_site().scratch() as folder:
        copy = folder / (path.name or real.name)
        if real.is_dir():
            for file in usable_files(real):
                place = copy / file.relative_to(real)
                place.parent.mkdir(parents=True, exist_ok=True)
                _take(*checked_input(file), place)
        else:
            _take(root, real, copy)
            if copy.suffix.lower() == ".mhd" and (voxels := data_file_name(copy)):
                _take(*checked_input(real.parent / voxels), folder / voxels)
        yield copy


def _take(root: Path, real: Path, place: Path) -> None:
    """Copy a file, found from an allowed folder without following a link."""
    try:
        facts = real.lstat()
        if not stat.S_ISREG(facts.st_mode):
            raise ValidationError(f"{real} is no plain file; give the path of one")
        if facts.st_nlink > 1:
            raise ValidationError(
                f"the file {real} has further names (hard links) and may be one from elsewhere; put a copy there"
            )
        # In a folder of its own, since it has its own name until it gets the one that it was given by.
        with tempfile.TemporaryDirectory(dir=place.parent) as folder:
            inner = real.relative_to(root).as_posix()
            HostileTree(root).take_file(inner, Path(folder), max_bytes=MAX_BYTES).rename(place)
    except FileNotFoundError as error:
        raise ValidationError(f"the file {real} does not exist; give the path of a file") from error
    except PermissionError as error:
        raise ValidationError(f"the file {real} can't be read by the user who runs jobs here") from error
