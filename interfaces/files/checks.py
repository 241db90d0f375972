"""One check per file kind; adding a kind adds a row and a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from interfaces.files.biom import check_biom
from interfaces.files.csv_table import check_csv
from interfaces.files.mp4 import check_mp4
from interfaces.files.newick import check_newick
from interfaces.files.obj import check_obj
from interfaces.files.pdf import check_pdf
from interfaces.files.sqreg import check_sqreg
from interfaces.files.thumbnails import check_jpeg, check_png
from interfaces.files.zip_archive import check_zip
from interfaces.kinds import InterfaceKindChoices as Kind


class FileCheck(Protocol):
    """Raises `ValidationError` for a file that does not fit its kind."""

    def __call__(self, path: Path) -> None:
        """Check the file at `path`."""


FILE_CHECKS: Mapping[Kind, FileCheck] = MappingProxyType(
    {
        Kind.CSV: check_csv,
        Kind.ZIP: check_zip,
        Kind.PDF: check_pdf,
        Kind.SQREG: check_sqreg,
        Kind.THUMBNAIL_JPG: check_jpeg,
        Kind.THUMBNAIL_PNG: check_png,
        Kind.OBJ: check_obj,
        Kind.MP4: check_mp4,
        Kind.NEWICK: check_newick,
        Kind.BIOM: check_biom,
    }
)
"""The check of each file kind."""


def check_file(path: Path, *, kind: Kind) -> None:
    """Check a file against its kind, on content and not on the name.

    Args:
        path: The file.
        kind: One of the file kinds.

    Raises:
        ValidationError: It does not fit; the text says why.
    """
    FILE_CHECKS[kind](path)
