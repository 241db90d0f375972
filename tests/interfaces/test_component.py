from __future__ import annotations

from pathlib import Path

import pytest
from records import a_component

from interfaces.component import ImageSource, InterfaceSet
from interfaces.errors import ValidationError

SETS = (
    InterfaceSet(inputs=("mri",), outputs=("tissues",)),
    InterfaceSet(inputs=("mri", "mask"), outputs=("tissues", "report")),
    InterfaceSet(inputs=("mri", "age", "sex"), outputs=("report",)),
)
COMPONENT = a_component(interfaces=SETS)


@pytest.mark.parametrize(
    ("given", "with_default", "expected"),
    [
        (["mri"], [], 0),
        (["mask", "mri"], [], 1),
        (["mri", "age", "sex"], [], 2),
        (["mri", "age"], ["sex"], 2),
        (["age"], ["mri", "sex"], 2),
        (["mri"], ["age", "sex", "mask"], 0),
        (["mask"], ["mri"], 1),
    ],
)
def test_the_inputs_pick_the_set_and_defaults_complete_it(given, with_default, expected):
    assert COMPONENT.pick_set(given, with_default=with_default) == SETS[expected]


@pytest.mark.parametrize("given", [[], ["mask"], ["mri", "age"], ["mri", "mask", "age"], ["other"]])
def test_inputs_that_fit_no_set_are_refused_with_the_sets(given):
    with pytest.raises(ValidationError) as caught:
        COMPONENT.pick_set(given)
    assert "takes (mri) or (mri, mask) or (mri, age, sex), but got" in str(caught.value)
    assert (", ".join(sorted(given)) or "no inputs") in str(caught.value)


def test_a_component_without_inputs_needs_none():
    only = InterfaceSet(inputs=(), outputs=("report",))
    assert a_component(interfaces=(only,)).pick_set([]) == only


def test_the_slugs_of_all_sets_are_known():
    assert COMPONENT.input_slugs == {"mri", "mask", "age", "sex"}
    assert COMPONENT.output_slugs == {"tissues", "report"}


@pytest.mark.parametrize(
    "sources",
    [
        {},
        {"build": Path(), "reference": "a:1"},
        {"archive": Path("a.tar"), "reference": "a:1"},
        {"build": Path(), "archive": Path("a.tar"), "reference": "a:1"},
    ],
)
def test_an_image_comes_from_exactly_one_source(sources):
    with pytest.raises(ValidationError, match="exactly one of build, archive and reference"):
        ImageSource(**sources)
