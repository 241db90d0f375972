"""The parameters of a run of one component or one graph, as the JSON Schema that Prefect makes a form of.

A job's inputs pick the set of inputs and outputs. In the form, inputs that not every set has are optional fields, and
the description lists the sets: with a tab for each set, the UI would submit what was filled in under another tab, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from interfaces.component import Component
from interfaces.definition import ComponentInterface
from interfaces.forms.fields import field_of, told, with_default
from interfaces.forms.loosening import Field, boxed
from interfaces.graph import Graph
from interfaces.graph_ports import Definitions


def component_parameters(
    component: Component, interfaces: Mapping[str, ComponentInterface], *, where: str = "anywhere"
) -> dict[str, Any]:
    """The schema of the parameters of `run_component` for one component.

    Args:
        component: The component.
        interfaces: Those of its inputs, by slug.
        where: Where files may lie, for people: ``below /data``.
    """
    own = {
        "time_limit": _optional("integer", "Time limit", f"Seconds, in place of {component.time_limit}.", minimum=1),
        "memory_gb": _optional(
            "number", "Memory", f"GB (GiB), in place of {component.memory_gb:g}.", exclusiveMinimum=0
        ),
        "reuse": _switch("Reuse", "Whether an earlier success of the same work will do.", default=False),
        "refresh": _switch("Refresh", "With reuse: whether to run it nevertheless.", default=False),
    }
    return _parameters("component", component.slug, component_inputs(component, interfaces, where=where), own)


def graph_parameters(graph: Graph, known: Definitions, *, where: str = "anywhere") -> dict[str, Any]:
    """The schema of the parameters of `run_graph` for one graph.

    Args:
        graph: The graph.
        known: The definitions that it uses.
        where: Where files may lie, for people: ``below /data``.
    """
    own = {
        "reuse": _switch("Reuse", "Whether the outputs of earlier jobs are taken.", default=True),
        "refresh": _switch("Refresh", "Whether all nodes run, whatever was run before.", default=False),
    }
    return _parameters("graph", graph.slug, graph_inputs(graph, known, where=where), own)


def component_inputs(
    component: Component, interfaces: Mapping[str, ComponentInterface], *, where: str = "anywhere"
) -> Field:
    """The box of a component's inputs."""
    sets = [each.inputs for each in component.interfaces]
    in_all = set(sets[0]).intersection(*sets[1:])
    fields: dict[str, Field] = {}
    required: list[str] = []
    for slug in dict.fromkeys(slug for each in sets for slug in each):
        interface = interfaces[slug]
        has_default = interface.default_value is not None
        needed = slug in in_all and not has_default
        field = field_of(interface, is_required=needed, where=where)
        if has_default and slug in in_all:
            field = with_default(field, interface.default_value)
        elif slug not in in_all:
            # A default that stood in the field would pick a set that has this input.
            field = told(field, "Only for some sets of inputs; leave it empty for the others.")
            if has_default:
                field = told(field, f"Where a set needs it and nothing is given: {json.dumps(interface.default_value)}")
        fields[slug] = field
        required += [slug] if needed else []
    return _box(fields, required, _sets(sets, interfaces) if len(sets) > 1 else "")


def graph_inputs(graph: Graph, known: Definitions, *, where: str = "anywhere") -> Field:
    """The box of a graph's inputs, by the graph's own names."""
    fields: dict[str, Field] = {}
    required: list[str] = []
    for name, port in known.graph_inputs(graph).items():
        if port.interface not in known.interfaces:
            continue  # such a graph is refused with its reasons
        interface = known.interfaces[port.interface]
        field = field_of(interface, is_required=not port.may_lack, is_list=port.is_list, where=where)
        field["title"] = name if name == interface.slug else f"{name}: {interface.title}"
        fields[name] = with_default(field, interface.default_value) if known.fills_in(port) else field
        required += [] if port.may_lack else [name]
    return _box(fields, required, "")


def _parameters(kind: str, slug: str, inputs: Field, own: Mapping[str, Field]) -> dict[str, Any]:
    name = {"type": "string", "title": "Name", "description": "What the run is called.", "default": ""}
    fields = {"inputs": inputs, "name": name, **own}
    # What runs is no field: the deployment gives it, and no run may give another.
    fixed = {"patternProperties": {f"^{kind}$": {"const": slug}}}
    return {**boxed({"title": "Parameters"}, fields, ["inputs"]), **fixed}


def _box(fields: Mapping[str, Field], required: list[str], description: str) -> Field:
    texts = {"title": "Inputs", **({"description": description} if description else {})}
    box = boxed(texts, fields, required)
    return {**box, "additionalProperties": False}


def _sets(sets: Iterable[tuple[str, ...]], interfaces: Mapping[str, ComponentInterface]) -> str:
    listed = (" and ".join(interfaces[slug].title for slug in each) or "nothing" for each in sets)
    return "Fill in one of these sets: " + "; or ".join(listed) + "."


def _optional(kind: str, title: str, description: str, **bounds: float) -> Field:
    return {"type": kind, "title": title, "description": description, **bounds}


def _switch(title: str, description: str, *, default: bool) -> Field:
    return {"type": "boolean", "title": title, "description": description, "default": default}
