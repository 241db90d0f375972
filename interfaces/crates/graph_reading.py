"""The metadata of a crate as plain entities, with a clear word for everything that is not as it must be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from interfaces.crates.terms import METADATA
from interfaces.errors import ValidationError
from interfaces.json_parsing import parse_json
from interfaces.storage.stored_file import StoredFile

MAX_METADATA_BYTES = 256 * 2**20
MAX_ENTITIES = 1_000_000

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_SIZE = re.compile(r"\d{1,18}", re.ASCII)


class MetadataGraph:
    """The entities of a crate by their id.

    Args:
        text: The metadata file.

    Raises:
        ValidationError: It is no JSON-LD as RO-Crate has it.
    """

    def __init__(self, text: bytes) -> None:
        document = parse_json(text, max_bytes=MAX_METADATA_BYTES)
        graph = document.get("@graph") if isinstance(document, dict) else None
        if not isinstance(graph, list) or len(graph) > MAX_ENTITIES:
            raise _wrong("it has no list '@graph' of at most a million entities")
        self._entities: dict[str, Mapping[str, Any]] = {}
        for number, entity in enumerate(graph):
            identifier = entity.get("@id") if isinstance(entity, dict) else None
            if not isinstance(identifier, str):
                raise _wrong(f"@graph[{number}] is no entity with an '@id'")
            if identifier in self._entities:
                raise _wrong(f"the entity '{identifier[:200]}' is there twice")
            self._entities[identifier] = entity

    @property
    def root(self) -> Mapping[str, Any]:
        """The entity of the whole crate: what the metadata file is about."""
        return self.entity(self.one(self.entity(METADATA), "about"))

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        """All entities."""
        return iter(self._entities.values())

    def entity(self, identifier: str) -> Mapping[str, Any]:
        """An entity by its id.

        Raises:
            ValidationError: There is none.
        """
        if identifier not in self._entities:
            raise _wrong(f"the entity '{identifier[:200]}' is named, but not there")
        return self._entities[identifier]

    def links(self, entity: Mapping[str, Any], name: str) -> list[str]:
        """The ids that a property links to, in their order.

        Raises:
            ValidationError: The property is no link and no list of links.
        """
        value = entity.get(name, [])
        listed = value if isinstance(value, list) else [value]
        found = [one.get("@id") if isinstance(one, dict) else None for one in listed]
        if not all(isinstance(one, str) for one in found):
            raise _wrong(f"'{name}' of '{_shown(entity)}' must be links to entities")
        return [one for one in found if isinstance(one, str)]

    def one(self, entity: Mapping[str, Any], name: str) -> str:
        """The one id that a property links to.

        Raises:
            ValidationError: There is none, or there are several.
        """
        found = self.links(entity, name)
        if len(found) != 1:
            raise _wrong(f"'{name}' of '{_shown(entity)}' must be a link to one entity, not to {len(found)}")
        return found[0]


def types_of(entity: Mapping[str, Any]) -> list[str]:
    """The types of an entity."""
    value = entity.get("@type", [])
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]


def text_of(entity: Mapping[str, Any], name: str) -> str:
    """A property that is text; "" where it is not there.

    Raises:
        ValidationError: It is something else.
    """
    value = entity.get(name, "")
    if not isinstance(value, str):
        raise _wrong(f"'{name}' of '{_shown(entity)}' must be text")
    return value


def stored_file(entity: Mapping[str, Any]) -> StoredFile:
    """The SHA-256 and size that are said of a file.

    Raises:
        ValidationError: One is missing or malformed.
    """
    sha256, size = sha256_said(entity), text_of(entity, "contentSize")
    if not _SIZE.fullmatch(size):
        raise _wrong(f"'contentSize' of '{_shown(entity)}' must be a number of bytes, as text")
    return StoredFile(sha256=sha256, size=int(size))


def sha256_said(entity: Mapping[str, Any]) -> str:
    """The SHA-256 that is said of a file or folder.

    Raises:
        ValidationError: It is missing or malformed.
    """
    sha256 = text_of(entity, "sha256")
    if not _SHA256.fullmatch(sha256):
        raise _wrong(f"'sha256' of '{_shown(entity)}' must be 64 hexadecimal digits")
    return sha256


def place_of(identifier: str) -> str | None:
    """The path of a file in the crate; None for what is elsewhere or no file."""
    if ":" in identifier.partition("/")[0] or identifier.startswith("#"):
        return None
    return unquote(identifier).removeprefix("./")


def _shown(entity: Mapping[str, Any]) -> str:
    return str(entity.get("@id"))[:200]


def _wrong(what: str) -> ValidationError:
    return ValidationError(f"{METADATA} is not as a crate of component-flows has it: {what}")
