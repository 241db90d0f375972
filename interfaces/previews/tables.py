"""Small tables as HTML, as Markdown and as plain text, whatever is in their cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from interfaces.previews.record import HTML, Preview
from interfaces.previews.texts import clean_text, html_text, markdown_code, markdown_text

MAX_CELL = 60


@dataclass(frozen=True, kw_only=True)
class Table:
    """Some rows of a table.

    Attributes:
        columns: The names above; none where the first column names the rows.
        rows: As many cells each.
        note: One sentence below, or "".
    """

    columns: Sequence[str] = field(default=())
    rows: Sequence[Sequence[str]] = field(default=())
    note: str = ""

    def preview(self, title: str) -> Preview:
        """The table under its title."""
        title = clean_text(title, most=120)
        columns = [clean_text(cell, most=MAX_CELL) for cell in self.columns]
        rows = [[clean_text(cell, most=MAX_CELL) for cell in row] for row in self.rows]
        note = clean_text(self.note, most=300)
        return Preview(
            media_type=HTML,
            data=_html(title, columns, rows, note).encode(),
            text=_plain(title, columns, rows, note),
            markdown=_markdown(title, columns, rows, note),
        )


def _html(title: str, columns: list[str], rows: list[list[str]], note: str) -> str:
    def line(cells: list[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html_text(cell)}</{tag}>" for cell in cells) + "</tr>"

    def facts(cells: list[str]) -> str:
        return (
            f"<tr><th>{html_text(cells[0])}</th>" + "".join(f"<td>{html_text(one)}</td>" for one in cells[1:]) + "</tr>"
        )

    head = f"<thead>{line(columns, 'th')}</thead>" if columns else ""
    body = "".join(line(row, "td") if columns else facts(row) for row in rows)
    table = f"<table><caption>{html_text(title)}</caption>{head}<tbody>{body}</tbody></table>"
    return table + (f"<p>{html_text(note)}</p>" if note else "")


def _markdown(title: str, columns: list[str], rows: list[list[str]], note: str) -> str:
    width = max([len(columns), *map(len, rows)], default=0)
    lines = _heading(title)
    for number, cells in enumerate([columns or [""] * width, *rows]):
        lines.append("| " + " | ".join(markdown_text(cell) or " " for cell in cells) + " |")
        if number == 0:
            lines.append("|" + "---|" * width)
    return "\n".join([*lines, "", markdown_text(note)] if note else lines)


def _heading(title: str) -> list[str]:
    return [f"**{markdown_text(title)}**", ""] if title else []


def _plain(title: str, columns: list[str], rows: list[list[str]], note: str) -> str:
    lines = [cells for cells in (columns, *rows) if cells]
    widths = [max(len(cells[at]) for cells in lines) for at in range(len(lines[0]))] if lines else []
    table = [
        "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip() for cells in lines
    ]
    return "\n".join([title, *table, *([note] if note else [])])


def lines_preview(title: str, text: str, *, language: str = "", note: str = "") -> Preview:
    """Lines of text, shown as they are.

    Args:
        title: What they are.
        text: Without control characters besides line feeds.
        language: For Markdown's colours: ``json``.
        note: One sentence below, or "".
    """
    title, note = clean_text(title, most=120), clean_text(note, most=300)
    below = f"<p>{html_text(note)}</p>" if note else ""
    return Preview(
        media_type=HTML,
        data=f"<figure><figcaption>{html_text(title)}</figcaption><pre>{html_text(text)}</pre>{below}</figure>".encode(),
        text="\n".join([title, text, *([note] if note else [])]),
        markdown="\n".join(
            [*_heading(title), markdown_code(text, language=language), *(["", markdown_text(note)] if note else [])]
        ),
    )
