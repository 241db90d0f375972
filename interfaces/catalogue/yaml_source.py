"""YAML with positions: plain values, and the line of every key, so that an error can name it.

Values are read as YAML 1.2 does (its core schema), in which every JSON document means itself: ``no`` and ``on`` are
text, ``1e3`` is a number, a date is text. See https://yaml.org/spec/1.2.2/#103-core-schema.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from interfaces.errors import DefinitionError

MAX_BYTES = 2**20
"""Largest definition file, in bytes."""

MAX_DEPTH = 50
"""Most levels of lists and mappings within each other."""

MAX_VALUES = 100_000
"""Most values of a file, with aliases counted as often as they are used: a billion laughs end here."""

MAX_KEY = 1000
"""Longest key, in characters; YAML itself asks for a mark before a key of more than 1,024."""

KeyPath: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class YamlSource:
    """A YAML document.

    Attributes:
        file: Where it was read.
        data: Its plain values: dicts with text as keys, lists, texts, finite numbers, bools and None.
        lines: The line, from 1, of every key and list entry by its path.
    """

    file: Path
    data: Any
    lines: Mapping[KeyPath, int]

    def line(self, path: KeyPath) -> int:
        """The line of a key, or of the nearest one that holds it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def error(self, message: str, path: KeyPath = ()) -> DefinitionError:
        """An error at a key."""
        return DefinitionError(message, file=self.file, line=self.line(path), key=dotted(path) or None)


def dotted(path: KeyPath) -> str:
    """A path as people write it: ``interfaces[2].kind``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def read_yaml(file: Path) -> YamlSource:
    """Read one document; an empty one is None.

    Raises:
        DefinitionError: It can't be read, is not valid YAML, is too large or too deep, has a key twice, or a value that
            JSON lacks.
    """
    text = _text(file)
    try:
        _check_shape(text, file)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = f"is not valid YAML: {_explained(error, text)}"
        raise DefinitionError(message, file=file, line=mark.line + 1 if mark else None) from error
    except yaml.reader.ReaderError as error:
        message = f"is not valid YAML: {error.reason} (character #x{_code(error):04x})"
        raise DefinitionError(message, file=file, line=_line_of(error, text)) from error
    except (ValueError, OverflowError) as error:  # PyYAML's own loader, of an escape beyond Unicode
        raise DefinitionError(f"is not valid YAML: {error}", file=file) from error
    reader = _Reader(file)
    data = reader.value(node, ()) if node is not None else None
    return YamlSource(file=file, data=data, lines=reader.lines)


def _text(file: Path) -> str:
    try:
        if not file.is_file():
            raise DefinitionError("is not a file", file=file)
        with file.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise DefinitionError(f"can't be read: {error.strerror}", file=file) from error
    if len(raw) > MAX_BYTES:
        raise DefinitionError(f"is too large for a definition: more than {MAX_BYTES:,} bytes", file=file)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"is not UTF-8 text (the byte 0x{raw[error.start]:02x}); save it as UTF-8"
        raise DefinitionError(message, file=file, line=line) from error


def _loader(base: type) -> Any:
    """A loader that tells plain scalars apart as the core schema does."""
    loader: Any = type("CoreSchemaLoader", (base,), {"yaml_implicit_resolvers": {}})
    digits = list("-+.0123456789")
    for name, pattern, first in (
        ("null", r"(?:~|null|Null|NULL|)", ["~", "n", "N", ""]),
        ("bool", r"(?:true|True|TRUE|false|False|FALSE)", list("tTfF")),
        ("int", r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)", digits),
        ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", digits),
        ("float", r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))", digits),
    ):
        loader.add_implicit_resolver(_TAG + name, re.compile(rf"^{pattern}\Z"), first)
    return loader


_TAG = "tag:yaml.org,2002:"
# The loader in C, where PyYAML was built with it, is about ten times as fast.
_LOADER = _loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _check_shape(text: str, file: Path) -> None:
    """Refuse what is nested too deeply for the recursive steps that follow, and a second document."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=_LOADER):
        line = event.start_mark.line + 1 if event.start_mark else None
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
        if depth > MAX_DEPTH:
            raise DefinitionError(f"is nested more than {MAX_DEPTH} levels deep", file=file, line=line)
        if documents > 1:
            raise DefinitionError("holds a second document after '---'; write it into a file", file=file, line=line)


def _explained(error: yaml.MarkedYAMLError, text: str) -> str:
    problem = " ".join(str(error.problem or error.context).split())
    mark = error.problem_mark or error.context_mark
    lines = text.splitlines()
    if mark is None or mark.line >= len(lines):
        return problem
    if lines[mark.line][mark.column : mark.column + 1] == "\t":
        return f"{problem} (a tab at column {mark.column + 1}; indent with blanks)"
    return f"{problem} (at column {mark.column + 1})"


def _code(error: yaml.reader.ReaderError) -> int:
    return error.character if isinstance(error.character, int) else ord(error.character[:1] or "\0")


def _line_of(error: yaml.reader.ReaderError, text: str) -> int:
    # libyaml counts bytes, PyYAML's own reader characters; the character itself settles it.
    return text.count("\n", 0, max(text.find(chr(_code(error))), 0)) + 1


class _Reader:
    """Makes plain values of nodes."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.lines: dict[KeyPath, int] = {}
        self.open: set[int] = set()
        self.count = 0

    def error(self, node: yaml.Node, path: KeyPath, message: str) -> DefinitionError:
        return DefinitionError(message, file=self.file, line=node.start_mark.line + 1, key=dotted(path) or None)

    def value(self, node: yaml.Node, path: KeyPath) -> Any:
        self.count += 1
        if self.count > MAX_VALUES:
            raise self.error(
                node, (), f"has more than {MAX_VALUES:,} values, aliases counted as often as they are used"
            )
        if id(node) in self.open:
            raise self.error(node, path, "refers to itself by an alias")
        if len(path) > MAX_DEPTH:
            raise self.error(node, (), f"is nested more than {MAX_DEPTH} levels deep, aliases included")
        self.lines.setdefault(path, node.start_mark.line + 1)
        self.open.add(id(node))
        try:
            return self._plain(node, path)
        finally:
            self.open.discard(id(node))

    def _plain(self, node: yaml.Node, path: KeyPath) -> Any:
        if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
            return [self.value(one, (*path, index)) for index, one in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        raise self.error(node, path, f"has the tag {_short(node.tag)}, which is not allowed; leave it out")

    def _scalar(self, node: yaml.ScalarNode, path: KeyPath) -> str | int | float | bool | None:
        text: str = node.value
        try:
            match node.tag.removeprefix(_TAG):
                case "str":
                    text.encode()
                    return text
                case "null":
                    return None
                case "bool":
                    return {"true": True, "false": False}[text.lower()]
                case "int":
                    return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
                case "float":
                    return _finite(text)
        except (ValueError, KeyError) as error:
            raise self.error(node, path, f"can't be {text[:40]!r}, which is no JSON value; quote a text") from error
        raise self.error(node, path, f"has the tag {_short(node.tag)}, which is not allowed; leave it out")

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node, path)
            if key in found:
                first = self.lines[(*path, key)]
                raise self.error(key_node, (*path, key), f"is there twice (first in line {first})")
            # An alias may stand in several places; the first line of a path is that of the key itself.
            self.lines[(*path, key)] = key_node.start_mark.line + 1
            found[key] = self.value(value_node, (*path, key))
        return found

    def _key(self, node: yaml.Node, path: KeyPath) -> str:
        key = self._scalar(node, path) if isinstance(node, yaml.ScalarNode) else None
        if not isinstance(key, str):
            shown = f" {_short(node.value)}" if isinstance(node, yaml.ScalarNode) else ""
            raise self.error(node, path, f"has the key{shown}, which is not text; quote it")
        if len(key) > MAX_KEY:
            raise self.error(node, path, f"has a key of more than {MAX_KEY:,} characters")
        if key == "<<" and isinstance(node, yaml.ScalarNode) and node.style not in ("'", '"'):
            raise self.error(node, path, "has the merge key '<<', which is not supported; write the keys out")
        return key


def _finite(text: str) -> float:
    number = float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    if not math.isfinite(number):
        raise ValueError("JSON has finite numbers only")
    return number


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
