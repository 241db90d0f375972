"""Draws the first page of a PDF with pdfium; `isolated` runs it in a process of its own.

Arguments: the longest side in pixels, the file. stdout: the number of pages, a line feed, a PNG.
"""

from __future__ import annotations

import io
import sys

REFUSED = 3


def drawn(path: str, longest_px: int) -> bytes | str:
    """The number of pages and the first one as a PNG, or one sentence on why there is none."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
        page = document[0]
        width, height = page.get_size()
        if not min(width, height) > 0:
            return "its first page has no size"
        picture = page.render(scale=longest_px / max(width, height), may_draw_forms=False).to_pil()
    except (pypdfium2.PdfiumError, IndexError, ValueError):
        return "its first page can't be drawn"
    file = io.BytesIO()
    picture.convert("RGB").save(file, "PNG")
    return b"%d\n" % len(document) + file.getvalue()


if __name__ == "__main__":
    result = drawn(sys.argv[-1], int(sys.argv[-2]))
    if isinstance(result, str):
        print(result)
        sys.exit(REFUSED)
    sys.stdout.buffer.write(result)
