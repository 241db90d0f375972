"""From what a person hands in for a graph to valid, stored values and lists of them; all problems at once."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from interfaces.definition import ComponentInterface
from interfaces.errors import InvalidInputs
from interfaces.graph import Graph
from interfaces.graph_ports import Definitions, Port
from interfaces.graph_values import Carried
from tasks.validate_inputs import read_inputs


def read_graph_inputs(
    graph: Graph, known: Definitions, given: Mapping[str, Any]
) -> tuple[dict[str, Carried], dict[str, str]]:
    """The values of a graph's inputs, default values included.

    Args:
        graph: The graph.
        known: The definitions that it uses.
        given: What was handed in, by the graph's own names; for a list a list.

    Returns:
        The values by name, and what is wrong by name (of an element of a list ``scans[2]``).
    """
    ports = {name: port for name, port in known.graph_inputs(graph).items() if port.interface in known.interfaces}
    interfaces = {name: known.interfaces[port.interface] for name, port in ports.items()}
    problems = {name: _unknown(name, graph) for name in given if name not in graph.inputs}
    flat: dict[str, Any] = {}
    lists: dict[str, int] = {}
    for name, port in ports.items():
        if name not in given:
            if known.fills_in(port):
                flat[name] = interfaces[name].default_value
            elif not port.may_lack:
                problems[name] = f"is missing; the graph '{graph.slug}' takes {_wanted(port, interfaces[name])}"
        elif not port.is_list:
            flat[name] = given[name]
        elif isinstance(given[name], list | tuple):
            lists[name] = len(given[name])
            flat |= {f"{name}[{index}]": one for index, one in enumerate(given[name])}
        else:
            problems[name] = f"is one value; the graph '{graph.slug}' takes {_wanted(port, interfaces[name])}"
    try:
        values = read_inputs({one: interfaces[one.partition("[")[0]] for one in flat}, flat)
    except InvalidInputs as error:
        return {}, {**problems, **error.problems}
    found: dict[str, Carried] = {
        name: tuple(values[f"{name}[{index}]"] for index in range(length)) for name, length in lists.items()
    }
    return {**found, **{name: value for name, value in values.items() if name in ports}}, problems


def _wanted(port: Port, interface: ComponentInterface) -> str:
    one = f"{interface.kind.label} ({interface.slug})"
    return f"a list of {one}" if port.is_list else f"a {one}"


def _unknown(name: str, graph: Graph) -> str:
    near = get_close_matches(name, graph.inputs, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"its inputs are {', '.join(graph.inputs) or 'none'}"
    return f"is no input of the graph '{graph.slug}'; {hint}"
