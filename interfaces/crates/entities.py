"""The entities of a crate's metadata, and the files that go with them, as they are gathered."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote

from interfaces.crates.contents import CrateFile, hash_uri
from interfaces.crates.terms import CRATE_VERSION, METADATA, PROFILES, TERMS

if TYPE_CHECKING:
    from rocrate.model.entity import Entity

Reference: TypeAlias = dict[str, str]
"""A link to an entity: ``{"@id": ...}``."""


class Entities:
    """A crate in the making.

    Args:
        with_data: Whether values and models are copied into the crate; else they are named by their hash.
    """

    def __init__(self, *, with_data: bool) -> None:
        from rocrate.rocrate import ROCrate  # takes a third of a second to import

        self._crate = ROCrate(version=CRATE_VERSION)
        self._crate.metadata.extra_terms.update(TERMS)
        # Our own, since the library looks through all entities for one that it does not have.
        self._entities: dict[str, Entity] = {"./": self._crate.root_dataset}
        self._links: set[tuple[str, str, str]] = set()
        self.files: dict[PurePosixPath, CrateFile] = {}
        self.with_data = with_data

    def add(self, identifier: str, kind: str | list[str], /, **properties: Any) -> Reference:
        """Add an entity that is no data, unless it is there; what is None or empty is left out."""
        from rocrate.model.contextentity import ContextEntity

        if not self.has(identifier):
            entity = ContextEntity(self._crate, identifier, properties={"@type": kind, **_set(properties)})
            self._entities[identifier] = self._crate.add(entity)
        return {"@id": identifier}

    def has(self, identifier: str) -> bool:
        """Whether there is such an entity."""
        return identifier in self._entities

    def add_file(self, file: CrateFile, kind: str | list[str] = "File", **properties: Any) -> Reference:
        """Add a file, unless it is there."""
        from rocrate.model.file import File

        identifier = quote(str(file.place))
        if file.place not in self.files:
            self.files[file.place] = file
            facts = {**_facts(file), "encodingFormat": _media_type(file.place), **properties}
            entity = File(self._crate, dest_path=file.place, properties={"@type": kind, **_set(facts)})
            self._entities[identifier] = self._crate.add(entity)
        return {"@id": identifier}

    def add_data_file(self, file: CrateFile, **properties: Any) -> Reference:
        """Add a file of a value or model: with its content, or named by its hash."""
        if self.with_data:
            return self.add_file(file, **properties)
        told = {"name": file.place.name, **_facts(file), **properties}
        reference = self.add(hash_uri(file.stored.sha256), "File", **told)
        self.link({"@id": "./"}, "hasPart", reference)
        return reference

    def add_folder(self, place: PurePosixPath, sha256: str, files: Iterable[CrateFile], **properties: Any) -> Reference:
        """Add a folder of data with its files."""
        from rocrate.model.dataset import Dataset

        parts = [self.add_data_file(one) for one in files]
        facts = _set({"hasPart": parts, "sha256": sha256, **properties})
        if self.with_data:
            identifier = f"{quote(str(place))}/"
            if not self.has(identifier):
                self._entities[identifier] = self._crate.add(Dataset(self._crate, dest_path=place, properties=facts))
            return {"@id": identifier}
        reference = self.add(hash_uri(sha256), "Dataset", **facts)
        self.link({"@id": "./"}, "hasPart", reference)
        return reference

    def link(self, start: Reference, name: str, end: Reference) -> None:
        """Add one more link from an entity to another, unless it is there."""
        if (key := (start["@id"], name, end["@id"])) not in self._links:
            self._links.add(key)
            self._entities[start["@id"]].properties().setdefault(name, []).append(end)

    def describe_root(self, *, profiles: Iterable[str], **properties: Any) -> None:
        """Say what the whole crate is."""
        links = [self.add(one, "CreativeWork", name=PROFILES[one][0], version=PROFILES[one][1]) for one in profiles]
        self._crate.root_dataset.properties().update(_set({**properties, "conformsTo": links}))

    def conform(self, specification: str) -> None:
        """Say that the metadata file follows one more specification."""
        descriptor = self._crate.metadata.properties()
        descriptor["conformsTo"] = [descriptor["conformsTo"], {"@id": specification}]

    def metadata(self) -> CrateFile:
        """The metadata file."""
        document = self._crate.metadata.generate()
        document["@graph"] = [_compact(entity) for entity in document["@graph"]]
        text = json.dumps(document, indent=1, ensure_ascii=False)
        return CrateFile.of_bytes(PurePosixPath(METADATA), text.encode())


def _facts(file: CrateFile) -> dict[str, Any]:
    return {"sha256": file.stored.sha256, "contentSize": str(file.stored.size)}


def _set(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if value not in (None, "", [], {})}


def _compact(entity: dict[str, Any]) -> dict[str, Any]:
    """An entity as RO-Crate 1.1 likes it: no list where there is one value."""
    return {name: value[0] if isinstance(value, list) and len(value) == 1 else value for name, value in entity.items()}


def _media_type(place: PurePosixPath) -> str:
    if place.suffix == ".yaml":
        return "application/yaml"
    return mimetypes.guess_type(place.name)[0] or "application/octet-stream"
