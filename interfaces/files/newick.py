"""Newick trees, read without recursion: a tree can be as deep as its file is long.

Format: https://phylipweb.github.io/phylip/newicktree.html, with quoted labels and comments in square brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from interfaces.errors import ValidationError

MAX_BYTES = 512 * 2**20

# Possessive (*+, ++): the engine must not keep a way back for each character of a long label.
_SKIPPED = r"(?:[\s\ufeff]++|\[[^\]]*+\])*+"  # blanks, a byte order mark, comments
_TOKEN = re.compile(
    _SKIPPED + r"(?:(?P<quoted>'(?:[^']|'')*+')|(?P<mark>[(),:;])|(?P<bare>[^\s()\[\]',:;]++)|(?P<end>\Z))"
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
    while found := _TOKEN.match(text, place):
        place = found.end()
        kind = found.lastgroup or ""
        if kind == "end":
            return
        yield kind, found[kind], found.start(kind)
    place = re.compile(_SKIPPED).match(text, place).end()  # type: ignore[union-attr]
    kind = {"[": "comment", "'": "quoted label"}.get(text[place], "")
    raise ValidationError(
        f"It has a {kind} that does not end, at character {place}"
        if kind
        else f"It has {text[place]!r} at character {place}, which is no part of a Newick tree"
    )


# What may come next: from what came last (start, open, comma, close, label, colon or length) to what comes then.
_NODE = {"label": "label", ":": "colon", ",": "comma", ")": "close", ";": "start"}
_AFTER: dict[str, dict[str, str]] = {
    "start": {"(": "open", **_NODE},
    "open": {"(": "open", **_NODE},
    "comma": {"(": "open", **_NODE},
    "close": _NODE,
    "label": {key: state for key, state in _NODE.items() if key != "label"},
    "colon": {"label": "length"},
    "length": {key: state for key, state in _NODE.items() if key not in ("label", ":")},
}


def _check_trees(text: str) -> None:
    """Follow the grammar, without recursion."""
    depth, state, token = 0, "start", ""
    for kind, token, place in newick_tokens(text):
        what = token if kind == "mark" else "label"
        after = _AFTER[state].get(what)
        if after is None or (
            (what in (",", ")") and not depth)
            or (what == ";" and depth)
            or (after == "length" and (kind == "quoted" or not _NUMBER.fullmatch(token)))
        ):
            raise ValidationError(_problem(token[:40], what, state, depth, f"at character {place}"))
        depth += (what == "(") - (what == ")")
        state = after
    if state != "start" or token != ";":
        raise ValidationError(
            f"It ends before {depth} parentheses are closed" if depth else "It ends without ';', as a Newick tree does"
        )


def _problem(token: str, what: str, state: str, depth: int, here: str) -> str:
    if state == "colon":
        return f"It has {token!r} {here}, where the length of a branch must be a number"
    if what == "label":
        return f"It has {token!r} {here}, where ',', ')' or ';' is missing before it"
    if what == "(":
        return f"It opens a parenthesis {here}, where ',' or ';' is missing before it"
    if what == ":":
        return f"It has a second length of the same branch {here}"
    if what == ";":
        return f"It ends a tree {here} before {depth} parentheses are closed"
    return f"It has {token!r} {here} outside of any parenthesis"
