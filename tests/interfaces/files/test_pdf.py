from __future__ import annotations

import io

import pytest
from pypdf import PdfWriter

from interfaces.errors import ValidationError
from interfaces.files.pdf import check_pdf


def pdf(pages: int = 2, password: str | None = None) -> bytes:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(width=100, height=100)
    if password is not None:
        writer.encrypt(user_password=password, owner_password="owner", algorithm="RC4-128")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("content", [pdf(), pdf(password=""), b"\n\n" + pdf()], ids=["plain", "open", "late start"])
def test_a_pdf_file_passes(written, content):
    check_pdf(written(content))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "does not begin with %PDF-"),
        (b"%PDF-1.7\n", "It is a damaged PDF file"),
        (b"%PDF-1.7\nhello\n%%EOF", "It is a damaged PDF file"),
        (pdf(0), "without a page"),
        (pdf(password="secret"), "needs a password; save it without one"),
        (pdf()[:-300], "It is a damaged PDF file|without a page"),
        (b"\x89PNG" + bytes(2000), "does not begin with %PDF-"),
    ],
    ids=["empty", "start only", "start and end", "no page", "encrypted", "cut", "another format"],
)
def test_what_is_no_pdf_is_refused(written, content, why):
    with pytest.raises(ValidationError, match=why):
        check_pdf(written(content))


def test_pages_that_contain_each_other_end_in_a_refusal(written):
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"]
    data, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    end = b"xref\n0 3\n0000000000 65535 f \n%strailer << /Size 3 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF"
    with pytest.raises(ValidationError, match="PDF file"):
        check_pdf(written(data + end % (table, len(data))))
