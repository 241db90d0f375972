"""The Markdown pages of the project, taken apart: fenced blocks, code within lines, links and headings."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
)

_NOTE = re.compile(r"<!-- (not run|stays|typed): (.+?) -->")
_NAMED = re.compile(r"`([^`\s]+)`:$")
_CODE = re.compile(r"`+([^`\n]+)`+")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        page: The page, relative to the project's root.
        line: That of its fence, counted from 1.
        language: What its fence says.
        text: What is in it.
        file: The file whose content it is, where the line before ends in "`FILE`:"; else "".
        not_run: Why it can't be run, as a comment right before it says (``<!-- not run: REASON -->``); else "".
        stays: How those of its commands begin that stay until the page has ended (``<!-- stays: prefect worker -->``).
        typed: What is typed into its commands, which want a terminal (``<!-- typed: exit -->``).
    """

    page: str
    line: int
    language: str
    text: str
    file: str = ""
    not_run: str = ""
    stays: str = ""
    typed: str = ""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Command:
    """A command that a page shows, and the output that it shows with it."""

    text: str
    output: str
    line: int


def name_of(page: Path) -> str:
    """A page, relative to the project's root."""
    return str(page.relative_to(ROOT))


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in their order."""
    found: list[Block] = []
    before, opened, language, held = "", 0, "", list[str]()
    notes: dict[str, str] = {}
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if opened and line.strip() == "```":
            file = named.group(1) if (named := _NAMED.search(before)) else ""
            text = "\n".join(held) + "\n"
            found.append(Block(name_of(page), opened, language, text, file, **notes))
            opened, before, notes, held = 0, "", {}, []
        elif opened:
            held.append(line)
        elif line.startswith("```"):
            opened, language = number, line.strip("` ")
        elif match := _NOTE.fullmatch(line.strip()):
            notes[match.group(1).replace(" ", "_")] = match.group(2)
        elif line.strip():
            before, notes = line.strip(), {}
    assert not opened, f"{page}:{opened}: the block has no end"
    return found


def commands(block: Block) -> list[Command]:
    """The commands of a block of the language console (``$ command`` and its output) or sh (one a line)."""
    found: list[Command] = []
    text, output, first = "", list[str](), 0
    for number, line in enumerate(block.text.splitlines(), block.line + 1):
        if text.endswith("\\"):
            text = f"{text[:-1]} {line.strip()}"
        elif block.language == "sh" and line.strip():
            found += [Command(text, "", first)] if text else []
            text, first = line, number
        elif line.startswith("$ "):
            found += [Command(text, "\n".join(output), first)] if text else []
            text, output, first = line[2:], [], number
        elif block.language == "console":
            assert text, f"{block.page}:{number}: output before any command"
            output.append(line)
    return [*found, Command(text, "\n".join(output), first)] if text else found


def outside_blocks(page: Path) -> str:
    """A page's text without its fenced blocks and comments."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)


def codes(page: Path) -> Iterator[str]:
    """The code within the lines of a page."""
    for match in _CODE.finditer(outside_blocks(page)):
        yield match.group(1).strip()


def links(page: Path) -> Iterator[str]:
    """Where the links and pictures of a page point."""
    for match in _LINK.finditer(_CODE.sub("", outside_blocks(page))):
        yield match.group(1)


def anchors(page: Path) -> set[str]:
    """What stands behind ``#`` in links to the headings of a page, as GitHub makes it."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", outside_blocks(page), flags=re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", plain).strip().replace(" ", "-")
        number = 0
        while (numbered := f"{anchor}-{number}" if number else anchor) in found:
            number += 1
        found.add(numbered)
    return found


def words_of(command: str) -> list[str]:
    """A command's words, without what a comment says behind it."""
    return shlex.split(command, comments=True)
