"""Newick trees, read without recursion: a tree can be as deep as its file is long.

Format: https://phylipweb.github.io/phylip/newicktree.html, with quoted labels and comments in square brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from interfaces.errors import ValidationError

MAX_BYTES = 512 * 2**20

_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<comment>\[[^\]]*\])|(?P<quoted>'(?:[^']|'')*')|(?P<mark>[(),:;])|(?P<bare>[^\s()\[\]',:;]+)"
)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def check_newick(path: Path) -> None:
    """One or more Newick trees, each ended by a semicolon.

    Raises:
        ValidationError: It is not; the text says what was found where.
    """
    if path.stat().st_size > MAX_BYTES:
        raise ValidationError(f"It has more than {MAX_BYTES} bytes")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValidationError(f"It is not UTF-8 text: {error.reason} at byte {error.start}") from error
    if not text.strip():
        raise ValidationError("It is empty; a Newick file has at least one tree")
    _check_trees(text)


def newick_tokens(text: str) -> Iterator[tuple[str, str, int]]:
    """The kind, text and place of each token that counts."""
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            kind = {"[": "comment", "'": "quoted label"}.get(text[place], "")
            raise ValidationError(
                f"It has a {kind} that does not end, at character {place}"
                if kind
                else f"It has {text[place]!r} at character {place}, which is no part of a Newick tree"
            )
        kind = found.lastgroup or ""
        if kind not in {"space", "comment"}:
            yield kind, found.group(), place
        place = found.end()


def _check_trees(text: str) -> None:
    """Follow the grammar; `state` is what came last: start, open, comma, close, label, colon or length."""
    depth, state, token, place = 0, "start", "", 0
    for kind, token, place in newick_tokens(text):
        here = f"at character {place}"
        if kind in {"quoted", "bare"}:
            if state == "colon":
                if kind == "quoted" or not _NUMBER.fullmatch(token):
                    raise ValidationError(
                        f"It has {token[:40]!r} {here}, where the length of a branch must be a number"
                    )
                state = "length"
            elif state in {"start", "open", "comma", "close"}:
                state = "label"
            else:
                raise ValidationError(f"It has {token[:40]!r} {here}, where ',', ')' or ';' is missing before it")
        elif state == "colon":
            raise ValidationError(f"It has {token!r} {here}, where the length of a branch must be a number")
        elif token == "(":
            if state not in {"start", "open", "comma"}:
                raise ValidationError(f"It opens a parenthesis {here}, where ',' or ';' is missing before it")
            depth, state = depth + 1, "open"
        elif token == ":":
            if state == "length":
                raise ValidationError(f"It has a second length of the same branch {here}")
            state = "colon"
        elif token == ";":
            if depth:
                raise ValidationError(f"It ends a tree {here} before {depth} parentheses are closed")
            state = "start"
        elif depth == 0:
            raise ValidationError(f"It has {token!r} {here} outside of any parenthesis")
        elif token == ")":
            depth, state = depth - 1, "close"
        else:
            state = "comma"
    if state != "start" or token != ";":
        raise ValidationError(
            f"It ends before {depth} parentheses are closed" if depth else "It ends without ';', as a Newick tree does"
        )
