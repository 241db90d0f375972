"""All definitions below some paths, read and checked; all problems at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from interfaces.catalogue.component_file import read_components
from interfaces.catalogue.graph_file import read_graphs
from interfaces.catalogue.interfaces_file import read_interfaces
from interfaces.catalogue.yaml_source import YamlSource, read_yaml
from interfaces.component import Component
from interfaces.definition import ComponentInterface
from interfaces.errors import DefinitionError, DefinitionErrors
from interfaces.graph import Graph

FILE_NAMES = ("interfaces.yaml", "component.yaml", "graph.yaml")

Definition = ComponentInterface | Component | Graph
_FORMS: Mapping[str, Callable[[YamlSource], Iterator[Definition | DefinitionError]]] = {
    "interfaces": read_interfaces,
    "component": read_components,
    "graph": read_graphs,
}


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """What was read, in the order of the files."""

    interfaces: tuple[ComponentInterface, ...] = field(default=())
    components: tuple[Component, ...] = field(default=())
    graphs: tuple[Graph, ...] = field(default=())


def read_catalogue(*paths: Path | str) -> Catalogue:
    """Read every definition in files and folders.

    Args:
        paths: Files of any name, or folders in which files named interfaces.yaml, component.yaml and graph.yaml are
            looked for at any depth.

    Raises:
        DefinitionError: One definition is wrong, or nothing was found.
        DefinitionErrors: Several are; `.problems` holds them all.
    """
    definitions: list[tuple[Definition, Path]] = []
    problems: list[DefinitionError] = []
    for file in dict.fromkeys(file for path in paths for file in _files(Path(path).expanduser())):
        for found in _read(file):
            if isinstance(found, DefinitionError):
                problems.append(found)
            else:
                definitions.append((found, file))
    problems += _clashes(definitions)
    if problems:
        raise problems[0] if len(problems) == 1 else DefinitionErrors(problems)
    read = [definition for definition, _ in definitions]
    return Catalogue(
        interfaces=tuple(one for one in read if isinstance(one, ComponentInterface)),
        components=tuple(one for one in read if isinstance(one, Component)),
        graphs=tuple(one for one in read if isinstance(one, Graph)),
    )


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path.resolve()]
    if not path.is_dir():
        raise DefinitionError("does not exist", file=path)
    found = sorted(one.resolve() for name in FILE_NAMES for one in path.rglob(name))
    if not found:
        raise DefinitionError(f"holds no {', '.join(FILE_NAMES[:-1])} or {FILE_NAMES[-1]}, at any depth", file=path)
    return found


def _read(file: Path) -> Iterator[Definition | DefinitionError]:
    try:
        source = read_yaml(file)
        data = source.mapping(())
    except DefinitionError as error:
        yield error
        return
    if not data:
        yield source.error((), f"is empty; it needs one of {', '.join(_FORMS)}")
    for key in data:
        if key in _FORMS:
            yield from _FORMS[key](source)
        elif key == "phase":
            yield source.error((key,), "phases can't be registered yet")
        else:
            near = get_close_matches(str(key), _FORMS, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(_FORMS)}"
            yield source.error((key,), f"is not a known key; {hint}")


def _clashes(definitions: list[tuple[Definition, Path]]) -> Iterator[DefinitionError]:
    seen: dict[tuple[type, str, str], Path] = {}
    for definition, file in definitions:
        names = ("slug", "title", "relative_path") if isinstance(definition, ComponentInterface) else ("slug", "title")
        for name in names:
            text = getattr(definition, name)
            key = (type(definition), name, text)
            if key in seen:
                yield DefinitionError(f"the {name} '{text}' is also in {seen[key]}", file=file)
                break
            seen[key] = file
