"""`Preview`: what a preview is, and how it is put into a page."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass

from interfaces.previews.texts import html_text, markdown_text

PNG, HTML, TEXT = "image/png", "text/html", "text/plain"

_SUFFIXES = {PNG: ".png", HTML: ".html", TEXT: ".txt"}


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a value looks like, small enough for a page with many of them.

    What came out of a container is inert in each form: escaped in HTML and Markdown, without control characters in
    the text.

    Attributes:
        media_type: ``image/png``, ``text/html`` (a fragment for a page's body) or ``text/plain``.
        data: The bytes of that type; text is UTF-8.
        text: For a terminal, and as the words for a picture.
        markdown: The text as Markdown; "" where it is the escaped text itself.
    """

    media_type: str
    data: bytes
    text: str
    markdown: str = ""

    @property
    def suffix(self) -> str:
        """The extension of a file with `data`: ``.png``, ``.html`` or ``.txt``."""
        return _SUFFIXES[self.media_type]

    @property
    def is_picture(self) -> bool:
        """Whether `data` is a picture."""
        return self.media_type == PNG

    def as_html(self) -> str:
        """A fragment for the body of a page; a picture is held within it."""
        if self.is_picture:
            return f'<img alt="{html_text(self.text)}" src="{self._data_url()}">'
        return self.data.decode() if self.media_type == HTML else f"<p>{html_text(self.text)}</p>"

    def as_markdown(self) -> str:
        """Markdown, as for a Prefect artifact; a picture is held within it."""
        if self.is_picture:
            return f"![{markdown_text(self.text)}]({self._data_url()})"
        return self.markdown or markdown_text(self.text)

    def _data_url(self) -> str:
        return f"data:{self.media_type};base64,{b64encode(self.data).decode()}"


def text_preview(text: str) -> Preview:
    """A preview of one sentence."""
    return Preview(media_type=TEXT, data=text.encode(), text=text)
