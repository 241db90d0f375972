"""Definitions as YAML files of a crate, which `interfaces.catalogue` reads back as they were."""

from __future__ import annotations

from typing import Any

import yaml

from interfaces.component import Component
from interfaces.database.graph_records import graph_json
from interfaces.definition import ComponentInterface
from interfaces.graph import Graph
from interfaces.json_values import canonical_json


def interfaces_yaml(interfaces: list[ComponentInterface]) -> bytes:
    """The text of ``interfaces.yaml``."""
    return _yaml({"interfaces": [interface_document(one) for one in interfaces]})


def component_yaml(component: Component, *, image: str, model: str | None) -> bytes:
    """The text of a ``component.yaml``.

    Args:
        component: Its definition; where its image came from is left out, as that says something of this machine.
        image: The id of the image that is named in its place, ``sha256:...``.
        model: The path of its model, relative to the file; None where it has none.
    """
    document = {**component_document(component), "image": {"reference": image}, **({"model": model} if model else {})}
    return _yaml({"component": document})


def graph_yaml(graph: Graph) -> bytes:
    """The text of ``graph.yaml``."""
    return _yaml({"graph": {"title": graph.title, "slug": graph.slug, **graph_json(graph)}})


def interface_document(interface: ComponentInterface) -> dict[str, Any]:
    """An interface as it is written in YAML, without what is not set."""
    table, example = interface.look_up_table, interface.example_value
    return {
        "title": interface.title,
        "slug": interface.slug,
        "kind": interface.kind.label,
        "relative_path": interface.relative_path,
        **({"description": interface.description} if interface.description else {}),
        **({"schema": interface.schema} if interface.schema is not None else {}),
        **({"default_value": interface.default_value} if interface.default_value is not None else {}),
        **({"example_value": example.value} if example is not None else {}),
        **({"overlay_segments": interface.overlay_segments_json} if interface.overlay_segments else {}),
        **({"look_up_table": table.as_json()} if table is not None else {}),
        **({"store_in_database": bool(interface.store_in_database)} if interface.is_json_kind else {}),
    }


def component_document(component: Component) -> dict[str, Any]:
    """A component as it is written in YAML, without its image and its model."""
    return {
        "title": component.title,
        "slug": component.slug,
        **({"description": component.description} if component.description else {}),
        "interfaces": [{"inputs": list(one.inputs), "outputs": list(one.outputs)} for one in component.interfaces],
        "time_limit": component.time_limit,
        "memory_gb": float(component.memory_gb),  # a whole number is one in YAML, and none in the record of a job
        "gpu_type": component.gpu_type,
        "method": component.method.value,
    }


def is_same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two documents say the same; in Python 1 and True are equal, in JSON they are not."""
    return canonical_json(one) == canonical_json(other)


class _Dumper(yaml.SafeDumper):
    """Writes text in quotes where a reader of YAML 1.2 might take it for something else (``1e3``), and no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if text[:1].isalpha() else '"')


_Dumper.add_representer(str, _text)


def _yaml(document: dict[str, Any]) -> bytes:
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110).encode()
