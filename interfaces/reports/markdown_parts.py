"""What all pages in Prefect's UI are made of: plain text, links and tables, none of which obeys what a run wrote."""

from __future__ import annotations

from collections.abc import Sequence

from interfaces.previews.texts import clean_text, markdown_text


def plain(text: str, most: int = 1024) -> str:
    """Text of whatever origin with nothing left in it that Markdown or HTML obeys."""
    return markdown_text(clean_text(text, most=most))


def link(words: str, address: str) -> str:
    """A link, or the words alone where there is nothing to link to.

    Args:
        words: Markdown.
        address: Made by us, or "".
    """
    return f"[{words}]({address})" if address else words


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of cells that are Markdown already."""
    lines = [list(header), ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell or " " for cell in row) + " |" for row in lines)


def facts_table(facts: Sequence[tuple[str, str]]) -> str:
    """What, and its text, of whatever origin; what has no text is left out."""
    return table(["", ""], [[plain(name), plain(text)] for name, text in facts if text])
