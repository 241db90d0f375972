"""Checks a PDF with pypdf; `guarded` runs it in a process of its own."""

from __future__ import annotations

import logging
import sys

REFUSED = 3


def why_invalid(path: str) -> str:
    """One sentence on why a file is no PDF that can be shown, or ""."""
    from pypdf import PdfReader
    from pypdf.errors import FileNotDecryptedError, PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    with open(path, "rb") as file:  # noqa: PTH123
        if b"%PDF-" not in file.read(1024):
            return "It is no PDF file: it does not begin with %PDF-"
    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            return "It is a PDF file that needs a password; save it without one"
        if not len(reader.pages):
            return "It is a PDF file without a page"
        reader.pages[0].get_object()
        reader.pages[-1].get_object()
    except FileNotDecryptedError:
        return "It is a PDF file that needs a password; save it without one"
    except (PyPdfError, ValueError, TypeError, KeyError, IndexError, AttributeError, OSError, RecursionError) as error:
        return f"It is a damaged PDF file: {' '.join(str(error).split())[:200] or type(error).__name__}"
    return ""


if __name__ == "__main__":
    if why := why_invalid(sys.argv[-1]):
        print(why)
        sys.exit(REFUSED)
