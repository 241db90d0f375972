"""YAML with positions: plain values, and the line of every key, so that an error can name it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from interfaces.errors import DefinitionError

MAX_BYTES = 2**20
MAX_DEPTH = 50
MAX_NODES = 100_000
"""With aliases counted as often as they are used: a billion laughs end here."""

Path_ = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class YamlSource:
    """A YAML document.

    Attributes:
        file: Where it was read.
        data: Its plain values.
        lines: The line, from 1, of every key and list entry by its path.
    """

    file: Path
    data: Any
    lines: Mapping[Path_, int]

    def line(self, path: Path_) -> int:
        """The line of a key, or of the nearest one that holds it."""
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, 1)

    def error(self, path: Path_, message: str) -> DefinitionError:
        """An error at a key."""
        return DefinitionError(message, file=self.file, line=self.line(path), key=dotted(path) or None)

    def mapping(self, path: Path_, *, required: tuple[str, ...] = (), known: tuple[str, ...] = ()) -> dict[str, Any]:
        """The mapping at a path, with its keys checked.

        Raises:
            DefinitionError: It is none, lacks a required key, or has an unknown one.
        """
        value = self.at(path)
        if not isinstance(value, dict):
            raise self.error(path, f"must be a mapping of keys and values, not {_what(value)}")
        if known:
            for key in value:
                if key not in known:
                    near = get_close_matches(str(key), known, n=1)
                    hint = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(known)}"
                    raise self.error((*path, key), f"is not a known key; {hint}")
        for key in required:
            if key not in value:
                raise self.error(path, f"lacks the key '{key}'")
        return value

    def at(self, path: Path_) -> Any:
        """The value at a path."""
        value = self.data
        for part in path:
            value = value[part]
        return value

    def typed(self, path: Path_, kind: type | tuple[type, ...], default: Any = ...) -> Any:
        """The value at a path, which must be of a type; the default where the key is missing.

        Raises:
            DefinitionError: It is of another type.
        """
        parent = self.at(path[:-1])
        if isinstance(parent, dict) and path[-1] not in parent:
            return default
        value = self.at(path)
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            wanted = " or ".join(_NAMES.get(one, one.__name__) for one in kinds)
            raise self.error(path, f"must be {wanted}, not {_what(value)}")
        return value


_NAMES: dict[type, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a mapping",
}


def _what(value: Any) -> str:
    return "nothing" if value is None else f"{_NAMES.get(type(value), type(value).__name__)} ({str(value)[:40]})"


def dotted(path: Path_) -> str:
    """A path as people write it: ``interfaces[2].kind``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def read_yaml(file: Path) -> YamlSource:
    """Read one document.

    Raises:
        DefinitionError: It can't be read, is no YAML, or is too large or too deep.
    """
    try:
        size = file.stat().st_size
        if size > MAX_BYTES:
            raise DefinitionError(f"has {size} bytes; a definition has at most {MAX_BYTES}", file=file)
        text = file.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except OSError as error:
        raise DefinitionError(f"can't be read: {error.strerror}", file=file) from error
    except UnicodeDecodeError as error:
        raise DefinitionError(f"is not UTF-8 text: {error.reason} at byte {error.start}", file=file) from error
    except RecursionError as error:
        raise DefinitionError(f"is nested more than {MAX_DEPTH} levels deep", file=file) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(str(error.problem or error.context).split())
        raise DefinitionError(
            f"is no valid YAML: {problem}", file=file, line=mark.line + 1 if mark else None
        ) from error
    except yaml.YAMLError as error:
        raise DefinitionError(f"is no valid YAML: {' '.join(str(error).split())}", file=file) from error
    reader = _Reader(file)
    data = reader.value(node, ()) if node is not None else None
    return YamlSource(file=file, data=data, lines=reader.lines)


class _Reader:
    def __init__(self, file: Path) -> None:
        self.file = file
        self.lines: dict[Path_, int] = {}
        self.count = 0
        self.constructor = yaml.constructor.SafeConstructor()

    def error(self, node: yaml.Node, path: Path_, message: str) -> DefinitionError:
        return DefinitionError(message, file=self.file, line=node.start_mark.line + 1, key=dotted(path) or None)

    def value(self, node: yaml.Node, path: Path_) -> Any:
        self.count += 1
        if self.count > MAX_NODES:
            raise self.error(node, path, f"has more than {MAX_NODES} values, aliases included")
        if len(path) > MAX_DEPTH:
            raise self.error(node, (), f"is nested more than {MAX_DEPTH} levels deep")
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(one, (*path, index)) for index, one in enumerate(node.value)]
        try:
            value = self.constructor.construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            raise self.error(
                node, path, f"has a value that is not allowed: {node.value[:60]!r} ({node.tag})"
            ) from error
        if value is not None and not isinstance(value, str | int | float | bool):
            raise self.error(node, path, f"has a value that is no text, number or flag: {node.value[:60]!r}; quote it")
        return value

    def mapping(self, node: yaml.MappingNode, path: Path_) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self.error(key_node, path, "has a key that is no text")
            key = key_node.value
            if key in found:
                raise self.error(key_node, (*path, key), "is there twice")
            self.lines[(*path, key)] = key_node.start_mark.line + 1
            found[key] = self.value(value_node, (*path, key))
        return found
