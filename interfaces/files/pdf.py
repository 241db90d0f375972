"""PDF files."""

from __future__ import annotations

from pathlib import Path

from interfaces.files import pdf_script
from interfaces.files.guarded import check_guarded


def check_pdf(path: Path) -> None:
    """A PDF file that opens without a password and has a page, as pypdf reads it.

    Raises:
        ValidationError: It is not.
    """
    check_guarded(Path(pdf_script.__file__), path, what="PDF file")
