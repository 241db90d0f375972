from __future__ import annotations

from uuid import uuid4

import pytest
from records import an_interface

from interfaces.errors import ValidationError
from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.placements import placed, prefixes_of
from interfaces.storage.job_folder import JobFolder


@pytest.fixture
def number(stored):
    return stored(an_interface(title="Number", kind=Kind.INTEGER, relative_path="number.json"))


@pytest.fixture
def folder(site):
    folder = JobFolder.of(site, uuid4())
    folder.create()
    return folder


def test_a_value_without_a_prefix_lies_at_its_own_path_and_with_several_at_each(number):
    one, two, three = (number.create_instance(value=given) for given in (1, 2, 3))
    prefixes = {str(two.pk): "a/", str(three.pk): ("", "b/")}
    assert prefixes_of(one, prefixes) == ("",)
    assert [(value.pk, prefix) for value, prefix in placed([one, two, three], prefixes)] == [
        (one.pk, ""),
        (two.pk, "a/"),
        (three.pk, ""),
        (three.pk, "b/"),
    ]


def test_what_is_staged_lies_beside_the_inputs_and_is_not_among_them(number, folder):
    given, made = number.create_instance(value=1), number.create_instance(value=2)
    # One that is an input as well lies in both places.
    prefixes = {str(made.pk): ("x/output/", "y/output/"), str(given.pk): ("", "z/output/")}
    folder.place_inputs({"number": given}, prefixes, unpacked_bytes=0, staged=[made, given])
    files = {str(one.relative_to(folder.input)): one.read_text() for one in folder.input.rglob("*.json")}
    listed = files.pop("inputs.json")
    assert files == {
        "number.json": "1",
        "z/output/number.json": "1",
        "x/output/number.json": "2",
        "y/output/number.json": "2",
    }
    assert listed.count('"slug": "number"') == 2  # "interface" and "socket" of the one input
    with pytest.raises(ValidationError, match="leaves its folder"):
        folder.place_inputs({}, {str(made.pk): ("a/", "../b/")}, unpacked_bytes=0, staged=[made])
