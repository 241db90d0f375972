"""What travels along the edges of a graph while it runs: values, lists of values, and what is not there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeAlias

from interfaces.errors import ValidationError
from interfaces.graph import Node, Source
from interfaces.value import ComponentInterfaceValue

Carried: TypeAlias = ComponentInterfaceValue | tuple[ComponentInterfaceValue, ...]
"""A value, or a list of values: what a node that scatters gives, and what a graph's input of a list takes."""


def node_inputs(
    node: Node, have: Callable[[Source], Carried | None], *, does_without: Callable[[str], bool]
) -> tuple[dict[str, Carried], str]:
    """What a node is given.

    Args:
        node: The node.
        have: What a source gives; None where that is not there.
        does_without: Whether the node copes without an input.

    Returns:
        The inputs by name, without those that are not there; and the name of one that it can't run without, or "".
    """
    found: dict[str, Carried] = {}
    for name, source in node.inputs.items():
        carried = have(source)
        if carried is not None:
            found[name] = carried
        elif node.optional or not does_without(name):
            return {}, name
    return found, ""


def count_runs(node: Node, inputs: Mapping[str, Carried]) -> int | None:
    """How often a node runs; None for one that does not scatter, and runs once.

    Raises:
        ValidationError: It scatters over lists of different lengths.
    """
    return common_length({name: count_elements(inputs[name]) for name in node.scatter})


def count_elements(carried: Carried) -> int:
    """How many elements a list has, or the JSON list that a value is."""
    return len(_elements(carried))


def common_length(lengths: Mapping[str, int]) -> int | None:
    """How many elements lists have that go in step, by the names of the inputs that take them; None where none do.

    Raises:
        ValidationError: They have different lengths.
    """
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"'{name}' has {length}" for name, length in lengths.items())
        raise ValidationError(f"it scatters over lists of different lengths: {shown}")
    return next(iter(lengths.values()), None)


def run_inputs(
    node: Node, inputs: Mapping[str, Carried], index: int | None, *, lists: Collection[str] = ()
) -> dict[str, Any]:
    """What one run of a node is called with.

    Args:
        node: The node.
        inputs: What the node is given.
        index: Which of its runs, from 0; None where it does not scatter.
        lists: Those of its inputs that take a list; any other takes a list of JSON values as one JSON value.
    """
    found: dict[str, Any] = {}
    for name, carried in inputs.items():
        if index is not None and name in node.scatter:
            found[name] = _elements(carried)[index]
        elif not isinstance(carried, tuple):
            found[name] = carried
        else:
            found[name] = list(carried) if name in lists else [one.value for one in carried]
    return found


def _elements(carried: Carried) -> Any:
    # A JSON value that is scattered is a list: the plan has proven it.
    return carried if isinstance(carried, tuple) else carried.value


def values_in(inputs: Mapping[str, Carried]) -> list[ComponentInterfaceValue]:
    """All values in some inputs."""
    return [one for carried in inputs.values() for one in (carried if isinstance(carried, tuple) else (carried,))]


def one_by_one(outputs: Mapping[str, Carried]) -> dict[str, ComponentInterfaceValue]:
    """Values by name, those of lists by names such as ``masks[2]``."""
    found: dict[str, ComponentInterfaceValue] = {}
    for name, carried in outputs.items():
        if isinstance(carried, tuple):
            found |= {f"{name}[{index}]": one for index, one in enumerate(carried)}
        else:
            found[name] = carried
    return found
