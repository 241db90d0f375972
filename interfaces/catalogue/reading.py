"""All definitions in some files and folders, read and checked; all problems at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType

from interfaces.catalogue.component_file import read_component
from interfaces.catalogue.graph_file import read_graph
from interfaces.catalogue.interfaces_file import read_interfaces
from interfaces.catalogue.look_up_tables_file import read_look_up_tables
from interfaces.catalogue.phase_file import read_phase
from interfaces.catalogue.section import nearest
from interfaces.catalogue.yaml_source import KeyPath, YamlSource, read_yaml
from interfaces.component import Component
from interfaces.definition import ComponentInterface
from interfaces.errors import DefinitionError, DefinitionErrors
from interfaces.graph import Graph
from interfaces.overlays import LookUpTable
from interfaces.phase import Phase

Definition = ComponentInterface | LookUpTable | Component | Graph | Phase

_Reader = Callable[[YamlSource, list[DefinitionError]], Iterator[tuple[Definition, KeyPath]]]
_FORMS = ("interfaces", "look_up_tables", "component", "graph", "phase")

FILE_NAMES = ("interfaces", "component", "graph", "phase")
"""What a definition file in a folder is called, before ``.yaml`` or ``.yml``; also ``anything.component.yaml``."""

_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a definition was written.

    Attributes:
        source: The file, with the lines of its keys.
        path: The place of the definition in it.
    """

    source: YamlSource
    path: KeyPath

    @property
    def file(self) -> Path:
        """The file."""
        return self.source.file

    @property
    def line(self) -> int:
        """The line where the definition begins, from 1."""
        return self.source.line(self.path)

    def __str__(self) -> str:
        """``FILE:LINE``."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """What was read, in the order of the files.

    Attributes:
        interfaces: The interfaces.
        look_up_tables: The look-up tables that stand by themselves.
        components: The components.
        graphs: The graphs.
        phases: The phases.
        origins: Where each was written, by its class and slug (of a look-up table the title).
    """

    interfaces: tuple[ComponentInterface, ...] = ()
    look_up_tables: tuple[LookUpTable, ...] = ()
    components: tuple[Component, ...] = ()
    graphs: tuple[Graph, ...] = ()
    phases: tuple[Phase, ...] = ()
    origins: Mapping[tuple[type[Definition], str], Origin] = field(default_factory=dict, repr=False)

    def error(self, definition: Definition, message: str, *key: str | int) -> DefinitionError:
        """An error about a definition, with its file and line.

        Args:
            definition: One of this catalogue.
            message: What is wrong, and what would be right.
            key: The key at fault below the definition: ``"interfaces", 0, "inputs", 1``; none for all of it.
        """
        origin = self.origins[type(definition), _name(definition)]
        return origin.source.error(message, (*origin.path, *key))


def _name(definition: Definition) -> str:
    return definition.title if isinstance(definition, LookUpTable) else definition.slug


def read_catalogue(*paths: Path | str, look_up_tables: Mapping[str, LookUpTable] = MappingProxyType({})) -> Catalogue:
    """Read every definition in files and folders.

    Args:
        paths: Files of any name, or folders. In a folder, and in the folders in it, files named interfaces.yaml,
            component.yaml, graph.yaml, phase.yaml or with a name in front (``lung.interfaces.yaml``) are read; ``.yml``
            will do. Hidden folders and links to folders are passed over.
        look_up_tables: Look-up tables besides those in the files that an interface may name, by title.

    Raises:
        DefinitionError: One definition is wrong, or a folder holds none.
        DefinitionErrors: Several problems were found; `.problems` holds them all.
    """
    problems: list[DefinitionError] = []
    if not paths:
        problems.append(DefinitionError("name a file or folder with definitions"))
    files = {file: None for path in paths for file in _files(Path(path).expanduser().absolute(), problems)}
    sources = [source for file in files if (source := _source(file, problems))]
    found: list[tuple[Definition, Origin]] = [
        one for source in sources for one in _definitions(source, {"look_up_tables": read_look_up_tables}, problems)
    ]
    tables = {**look_up_tables, **{one.title: one for one, _ in found if isinstance(one, LookUpTable)}}
    readers: dict[str, _Reader] = {
        "interfaces": partial(read_interfaces, tables=tables),
        "component": read_component,
        "graph": read_graph,
        "phase": read_phase,
    }
    found += [one for source in sources for one in _definitions(source, readers, problems)]
    problems += _clashes(found)
    if problems:
        raise problems[0] if len(problems) == 1 else DefinitionErrors(problems)
    read = [definition for definition, _ in found]
    return Catalogue(
        interfaces=tuple(one for one in read if isinstance(one, ComponentInterface)),
        look_up_tables=tuple(one for one in read if isinstance(one, LookUpTable)),
        components=tuple(one for one in read if isinstance(one, Component)),
        graphs=tuple(one for one in read if isinstance(one, Graph)),
        phases=tuple(one for one in read if isinstance(one, Phase)),
        origins=MappingProxyType({(type(one), _name(one)): origin for one, origin in found}),
    )


def _files(path: Path, problems: list[DefinitionError]) -> Iterator[Path]:
    if not path.is_dir():
        if path.exists():
            yield path.resolve()
        else:
            problems.append(DefinitionError("does not exist; name a file or folder with definitions", file=path))
        return
    nothing = True
    for folder, folders, names in os.walk(path, onerror=lambda error: problems.append(_unreadable(error))):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if _is_definition_file(name):
                nothing = False
                yield Path(folder, name).resolve()
    if nothing:
        message = (
            "holds no interfaces.yaml, component.yaml, graph.yaml or phase.yaml, neither itself nor in a folder below"
        )
        problems.append(DefinitionError(message, file=path))


def _is_definition_file(name: str) -> bool:
    stem, suffix = os.path.splitext(name)  # noqa: PTH122 - a name, not a path
    return suffix in _SUFFIXES and stem.rpartition(".")[2] in FILE_NAMES and not name.startswith(".")


def _unreadable(error: OSError) -> DefinitionError:
    return DefinitionError(f"can't be read: {error.strerror}", file=Path(error.filename))


def _source(file: Path, problems: list[DefinitionError]) -> YamlSource | None:
    """A file that holds definitions, with known keys at its top."""
    try:
        source = read_yaml(file)
    except DefinitionError as error:
        problems.append(error)
        return None
    if not isinstance(source.data, dict) or not source.data:
        known = ", ".join(f"'{form}:'" for form in _FORMS)
        problems.append(source.error(f"holds no definition; its top level needs one of the keys {known}"))
        return None
    unknown = [key for key in source.data if key not in _FORMS]
    problems += [source.error(f"is not a known key; {nearest(key, _FORMS)}", (key,)) for key in unknown]
    return source


def _definitions(
    source: YamlSource, readers: Mapping[str, _Reader], problems: list[DefinitionError]
) -> Iterator[tuple[Definition, Origin]]:
    for key in source.data:
        if key in readers:
            for definition, path in readers[key](source, problems):
                yield definition, Origin(source=source, path=path)


_FAMILY: Mapping[type[Definition], str] = {ComponentInterface: "interface", LookUpTable: "table", Phase: "phase"}
_UNIQUE: Mapping[type[Definition], tuple[str, ...]] = {
    ComponentInterface: ("title", "slug", "relative_path"),
    Component: ("title", "slug"),
    Graph: ("title", "slug"),
    Phase: ("title", "slug"),
    LookUpTable: ("title",),
}


def _clashes(found: list[tuple[Definition, Origin]]) -> Iterator[DefinitionError]:
    """Names that are taken twice, each with both places."""
    yield from _different_tables(found)
    seen: dict[tuple[str, str, str], tuple[Definition, Origin]] = {}
    for definition, origin in found:
        clashes: dict[str, list[str]] = {}
        for name in _UNIQUE[type(definition)]:
            # A component and a graph are run by the same command, so that they share their names.
            family = _FAMILY.get(type(definition), "runnable")
            key = (family, name, getattr(definition, name))
            first, place = seen.setdefault(key, (definition, origin))
            if first is not definition:
                clashes.setdefault(f"'{first.title}' in {place}", []).append(name)
        for other, names in clashes.items():
            path = next((path for name in names if (path := (*origin.path, name)) in origin.source.lines), origin.path)
            yield origin.source.error(f"has the same {' and '.join(names)} as {other}; each must be unique", path)


def _different_tables(found: list[tuple[Definition, Origin]]) -> Iterator[DefinitionError]:
    """Look-up tables within interfaces that have the title of another one, but not its colours."""
    seen: dict[str, tuple[LookUpTable, Origin]] = {
        one.title: (one, origin) for one, origin in found if isinstance(one, LookUpTable)
    }
    for definition, origin in found:
        table = definition.look_up_table if isinstance(definition, ComponentInterface) else None
        if table is not None:
            first, place = seen.setdefault(table.title, (table, origin))
            if first != table:
                message = f"another look-up table '{table.title}' is in {place}; give one of them another title"
                yield origin.source.error(message, (*origin.path, "look_up_table"))
