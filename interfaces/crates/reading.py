"""What is needed of a crate to run again what it tells of: definitions, images and inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from interfaces.crates.graph_reading import (
    MAX_METADATA_BYTES,
    MetadataGraph,
    place_of,
    sha256_said,
    stored_file,
    text_of,
    types_of,
)
from interfaces.crates.sources import CrateSource
from interfaces.crates.terms import DEFINITIONS, MAIN_WORKFLOW, METADATA
from interfaces.errors import ValidationError
from interfaces.storage.stored_file import StoredFile

MAX_LINKS = 100_000


@dataclass(frozen=True, kw_only=True)
class CrateValue:
    """A value of a crate.

    Attributes:
        sha256: Of its content, as `ComponentInterfaceValue` has it.
        place: Its file or folder in the crate; None where the crate only names it.
        members: Of a folder, the names of its files.
    """

    sha256: str
    place: str | None
    members: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class ReadCrate:
    """What a crate says.

    Attributes:
        is_graph: Whether a graph ran, else a component.
        definitions: The places of the definition files.
        files: The SHA-256 and size of every file that is in the crate, by its place.
        inputs: The inputs of the run by name; a list where the input is one.
        outputs: The same of its outputs.
        models: The places of the models by their SHA-256; None where the crate only names it.
        images: Where registries have the container images, by their ids; "" where none does.
        tool: The place of the definition of what ran.
    """

    is_graph: bool
    definitions: tuple[str, ...]
    files: Mapping[str, StoredFile]
    inputs: Mapping[str, CrateValue | list[CrateValue]]
    outputs: Mapping[str, CrateValue | list[CrateValue]]
    models: Mapping[str, str | None] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)
    tool: str


def read_crate(source: CrateSource, scratch: Path) -> ReadCrate:
    """Read what a crate says of itself; no other file of it is read.

    Args:
        source: The crate.
        scratch: A folder of ours.

    Raises:
        ValidationError: It is not as a crate of component-flows is; the text says where.
    """
    folder = scratch / "metadata"
    folder.mkdir()
    metadata = MetadataGraph(source.take(METADATA, folder, max_bytes=MAX_METADATA_BYTES).read_bytes())
    root = metadata.root
    is_graph = "mainEntity" in root
    action, tool = _main_action(metadata, root)
    files = {place: stored_file(one) for place, one in _files(metadata)}
    definitions = tuple(place for place in files if _is_definition(place))
    if tool not in definitions:
        raise ValidationError(f"what ran is '{tool[:200]}', which is no definition file of the crate")
    return ReadCrate(
        is_graph=is_graph,
        definitions=definitions,
        files=files,
        inputs=dict(_values(metadata, action, "object", f"{tool}#inputs/")),
        outputs=dict(_values(metadata, action, "result", f"{tool}#outputs/")),
        models=dict(_models(metadata, definitions)),
        images={
            f"sha256:{sha256_said(one)}": text_of(one, "identifier")
            for one in metadata
            if "ContainerImage" in types_of(one)
        },
        tool=tool,
    )


def _main_action(metadata: MetadataGraph, root: Mapping[str, object]) -> tuple[Mapping[str, object], str]:
    """The action of the run, and the place of what ran."""
    actions = [metadata.entity(one) for one in metadata.links(root, "mentions")]
    runs = [one for one in actions if "CreateAction" in types_of(one)]
    if "mainEntity" in root:
        main = metadata.one(root, "mainEntity")
        runs = [one for one in runs if metadata.links(one, "instrument") == [main]]
    if len(runs) != 1:
        raise ValidationError(f"the crate tells of {len(runs)} runs, but one is needed")
    return runs[0], place_of(metadata.one(runs[0], "instrument")) or ""


def _files(metadata: MetadataGraph) -> Iterator[tuple[str, Mapping[str, object]]]:
    for entity in metadata:
        place = place_of(str(entity["@id"]))
        if "File" in types_of(entity) and place is not None:
            yield place, entity


def _models(metadata: MetadataGraph, definitions: tuple[str, ...]) -> Iterator[tuple[str, str | None]]:
    for entity in metadata:
        if place_of(str(entity["@id"])) in definitions:
            for identifier in metadata.links(entity, "softwareRequirements"):
                yield stored_file(metadata.entity(identifier)).sha256, place_of(identifier)


def _is_definition(place: str) -> bool:
    return place == MAIN_WORKFLOW or (
        PurePosixPath(place).parent == PurePosixPath(DEFINITIONS) and place.endswith(".yaml")
    )


def _values(
    metadata: MetadataGraph, action: Mapping[str, object], name: str, parameters: str
) -> Iterator[tuple[str, CrateValue | list[CrateValue]]]:
    """The values of an action by the names of the inputs or outputs whose examples they are."""
    for identifier in metadata.links(action, name):
        entity = metadata.entity(identifier)
        found = (
            [_value(metadata, one) for one in metadata.links(entity, "hasPart")]
            if "Collection" in types_of(entity)
            else _value(metadata, identifier)
        )
        for parameter in metadata.links(entity, "exampleOfWork"):
            if parameter.startswith(parameters):
                yield parameter.removeprefix(parameters), found


def _value(metadata: MetadataGraph, identifier: str) -> CrateValue:
    entity = metadata.entity(identifier)
    place = place_of(identifier)
    if "Dataset" not in types_of(entity):
        return CrateValue(sha256=stored_file(entity).sha256, place=place)
    parts = metadata.links(entity, "hasPart")
    places = [place_of(one) for one in parts]
    if place is None:
        return CrateValue(sha256=sha256_said(entity), place=None, members=())
    folder = place.rstrip("/")
    names = tuple(one.removeprefix(f"{folder}/") for one in places if one is not None and one.startswith(f"{folder}/"))
    if len(names) != len(parts) or len(names) > MAX_LINKS or any("/" in one for one in names):
        raise ValidationError(f"the folder '{identifier[:200]}' of the crate has parts that are not files in it")
    return CrateValue(sha256=sha256_said(entity), place=folder, members=names)
