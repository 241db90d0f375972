"""Text of unknown origin made harmless: for a terminal, for HTML and for Markdown."""

from __future__ import annotations

import re
import unicodedata
from html import escape

_ENTITY_OR_MARK = re.compile(r"&(?:lt|gt|amp|quot);|[\\`*_{}\[\]()#+\-.!|~=^$:@/]")
_LINK = re.compile(r"(?i)(?<=:)(?=/)|(?<=www)(?=\.)|(?=@)")
_WORD_JOINER = "\N{WORD JOINER}"


def clean_text(text: str, *, most: int | None = None, keep_lines: bool = False) -> str:
    """The text without what drives a terminal or turns the reading direction, cut to a length.

    Args:
        text: Any text.
        most: Most characters; a longer text ends in an ellipsis.
        keep_lines: Whether line feeds stay; else all white space becomes single blanks.
    """
    if most is not None:
        text = text[: 4 * most + 64]  # enough for `most` characters after blanks are joined
    kept = "".join(
        one if one == "\n" else " " if one in "\t\r\x0b\x0c" else one if _is_shown(one) else "\N{REPLACEMENT CHARACTER}"
        for one in text
    )
    if not keep_lines:
        kept = " ".join(kept.split())
    return kept if most is None or len(kept) <= most else kept[: most - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def _is_shown(character: str) -> bool:
    # Cc control, Cf format (bidirectional overrides, zero widths), Cs surrogates, Co private, Cn unassigned,
    # Zl and Zp line and paragraph separators.
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def html_text(text: str) -> str:
    """Text for the body or a quoted attribute of HTML."""
    return escape(text, quote=True)


def markdown_text(text: str) -> str:
    """Text that Markdown shows as it is: no markup, no HTML, no link made of a bare address."""
    one_line = " ".join(_LINK.sub(_WORD_JOINER, text).split())
    # An apostrophe as it is: it has no meaning here, and Prefect's UI shows what stands for it letter by letter.
    escaped = escape(one_line, quote=False).replace('"', "&quot;")
    return _ENTITY_OR_MARK.sub(lambda found: found[0] if len(found[0]) > 1 else f"\\{found[0]}", escaped)


def markdown_code(text: str, *, language: str = "") -> str:
    """A fenced block that no line of the text can end."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"


def count_text(count: int, name: str, names: str = "") -> str:
    """``1 row``, ``12,345 rows``."""
    return f"{count:,} {name if count == 1 else names or name + 's'}"
