"""Stored files at a second place, without a second copy."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

READ_ONLY, READ_ONLY_FOLDER = 0o444, 0o555


def link_folder(source: Path, target: Path) -> None:
    """Put the files of a stored folder at a second place without copying them; see `link_or_copy`."""
    target.mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        link_or_copy(path, target / path.name)


def link_or_copy(source: Path, target: Path) -> None:
    """Put a stored file at a second place without copying it; across file systems it is copied."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
        target.chmod(READ_ONLY)
