from __future__ import annotations

import pytest

from interfaces.definition import ComponentInterface
from interfaces.errors import ValidationError
from interfaces.graph import Node, Source
from interfaces.graph_values import Carried, count_runs, node_inputs, one_by_one, run_inputs, values_in
from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.value import ComponentInterfaceValue

ANY = ComponentInterface(title="any", kind=Kind.ANY, relative_path="any.json")


def value(content) -> ComponentInterfaceValue:
    one = ComponentInterfaceValue(pk=abs(hash(str(content))), interface=ANY, sha256="0" * 64, size_in_storage=1)
    one._value = content
    return one


ONE, LEFT, RIGHT = value(1), value("left"), value("right")
GIVEN: dict[str, Carried] = {"one": ONE, "some": (LEFT, RIGHT), "json": value([3, 4])}


def node(**options) -> Node:
    what = {} if "graph" in options else {"component": "c"}
    return Node(**what, inputs={name: Source(node=None, name=name) for name in GIVEN}, **options)


def test_a_component_takes_a_list_of_json_values_as_one():
    assert run_inputs(node(), GIVEN, None) == {"one": ONE, "some": ["left", "right"], "json": GIVEN["json"]}


def test_a_graph_takes_a_list_as_it_is_where_it_wants_one_and_else_as_one_json_value():
    assert run_inputs(node(graph="g"), GIVEN, None, lists={"some"})["some"] == [LEFT, RIGHT]
    assert run_inputs(node(graph="g"), GIVEN, None)["some"] == ["left", "right"]


def test_each_run_of_a_node_that_scatters_takes_its_element_of_a_list_or_of_a_json_list():
    both = node(scatter=("some", "json"))
    assert count_runs(both, GIVEN) == 2
    assert run_inputs(both, GIVEN, 1) == {"one": ONE, "some": RIGHT, "json": 4}
    assert count_runs(node(), GIVEN) is None


def test_lists_that_go_in_step_have_the_same_length():
    with pytest.raises(ValidationError, match="different lengths: 'some' has 1, 'json' has 2"):
        count_runs(node(scatter=("some", "json")), {**GIVEN, "some": (LEFT,)})


def test_a_node_is_left_out_where_it_is_optional_or_can_t_do_without():
    have = {Source(node=None, name=name): carried for name, carried in GIVEN.items() if name != "one"}.get
    assert node_inputs(node(optional=True), have, does_without=lambda name: True) == ({}, "one")
    assert node_inputs(node(), have, does_without=lambda name: False) == ({}, "one")
    found, lacking = node_inputs(node(graph="g"), have, does_without=lambda name: True)
    assert (set(found), lacking) == ({"some", "json"}, "")


def test_lists_are_laid_out_one_by_one():
    assert values_in({"one": ONE, "some": (LEFT, RIGHT)}) == [ONE, LEFT, RIGHT]
    assert one_by_one({"one": ONE, "some": (LEFT, RIGHT)}) == {"one": ONE, "some[0]": LEFT, "some[1]": RIGHT}
