"""Every row of the table of edits, from YAML to what is registered then."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
import yaml
from records import an_interface

from interfaces.database.interface_records import find_interfaces
from interfaces.edits import INTERFACE_EDITS, find_refused_edits
from interfaces.errors import DefinitionError, DefinitionErrors
from interfaces.kinds import InterfaceKindChoices as Kind
from tasks.register import registered

AGE = {
    "title": "Age",
    "slug": "age",
    "description": "In years",
    "kind": "Integer",
    "relative_path": "age.json",
    "schema": {"minimum": 0, "maximum": 150},
    "default_value": 50,
    "example_value": 61,
    "store_in_database": True,
}
LESION = {"name": "Lesion", "visible": True, "voxel_value": 1}
CYST = {"name": "Cyst", "visible": True, "voxel_value": 2}
MASK = {"title": "Mask", "kind": "Segmentation", "relative_path": "images/mask", "overlay_segments": [LESION]}
NEW = {"title": "New", "kind": "String", "relative_path": "new.json"}
RED = {"title": "Red", "color": "[1 0 0 0]", "alpha": "[1 1]"}


@pytest.fixture
def register(site, tmp_path):
    """Registers interfaces that are written to one YAML file, in lines of a key each."""

    def do(*interfaces: dict, **more) -> tuple[str, ...]:
        (tmp_path / "interfaces.yaml").write_text(yaml.safe_dump({"interfaces": list(interfaces), **more}))
        return registered([tmp_path / "interfaces.yaml"]).changed

    return do


@pytest.fixture
def find(site):
    def found(slug: str):
        with site.database.session() as session:
            return find_interfaces(session, [slug])[slug]

    return found


@pytest.fixture
def store_values(find, tmp_path):
    """Stores a value of each interface that is registered of `AGE` and `MASK`."""

    def store() -> None:
        sitk.WriteImage(sitk.GetImageFromArray(np.ones((2, 2, 2), np.uint8)), tmp_path / "m.mha")
        find("age").create_instance(value=7)
        find("mask").create_instance(image=tmp_path / "m.mha")

    return store


ALLOWED_ALWAYS = [
    ("title", AGE, {"title": "Age in years"}),
    ("description", AGE, {"description": "In whole years"}),
    ("description", AGE, {"description": ""}),
    ("schema", AGE, {"schema": None}),
    ("schema", AGE, {"schema": {"minimum": -1, "maximum": 200}}),
    ("schema", AGE, {"schema": {"minimum": 0}}),
    ("default_value", AGE, {"default_value": 51}),
    ("default_value", AGE, {"default_value": None}),
    ("example_value", AGE, {"example_value": 62}),
    ("look_up_table", MASK, {"look_up_table": RED}),
    ("overlay_segments", MASK, {"overlay_segments": [LESION, CYST]}),
    ("overlay_segments", MASK, {"overlay_segments": [{**CYST, "voxel_value": -1}, LESION]}),
]
ALLOWED_BEFORE = [
    ("kind", AGE, {"kind": "Float"}),
    ("kind", AGE, {"kind": "Anything"}),
    ("relative_path", AGE, {"relative_path": "years.json"}),
    ("store_in_database", AGE, {"store_in_database": False, "default_value": None}),
    ("schema", AGE, {"schema": {"minimum": 1}}),
    ("schema", AGE, {"schema": {"multipleOf": 1}}),
    ("overlay_segments", MASK, {"overlay_segments": [CYST, {**LESION, "visible": False}]}),
    ("overlay_segments", MASK, {"overlay_segments": [{**LESION, "name": "Tumour"}]}),
]


def edited(interface: dict, change: dict) -> dict:
    return {key: value for key, value in {**interface, **change}.items() if value is not None}


def test_every_field_that_a_person_writes_is_in_the_table_and_tried_here():
    from interfaces.catalogue.interfaces_file import KEYS

    assert set(INTERFACE_EDITS) == set(KEYS)
    assert {field for field, _, _ in ALLOWED_ALWAYS + ALLOWED_BEFORE} == set(KEYS) - {"slug"}
    assert {field for field, _, _ in ALLOWED_BEFORE} == {f for f, edit in INTERFACE_EDITS.items() if edit.rule}


@pytest.mark.parametrize(("field", "interface", "change"), ALLOWED_ALWAYS)
def test_what_may_always_change_is_applied(register, find, store_values, field, interface, change):
    register(AGE, MASK)
    slug = interface.get("slug", "mask")
    before = find(slug)
    for with_values in (False, True):
        if with_values:
            store_values()
        assert register(edited(interface, change)) == (f"interface {slug}",)
        assert getattr(find(slug), field) != getattr(before, field)
        assert register(edited(interface, change)) == ()
        if not with_values:
            register(AGE, MASK)


@pytest.mark.parametrize(("field", "interface", "change"), ALLOWED_BEFORE)
def test_what_values_rely_on_is_applied_while_there_are_none_and_refused_then(
    register, find, store_values, tmp_path, field, interface, change
):
    register(AGE, MASK)
    slug = interface.get("slug", "mask")
    before = find(slug)
    assert register(edited(interface, change)) == (f"interface {slug}",)
    assert getattr(find(slug), field) != getattr(before, field)
    register(interface)
    assert find(slug) == before
    store_values()
    with pytest.raises(DefinitionError) as caught:
        register({**edited(interface, change), "description": "new"}, NEW)
    error = caught.value
    assert (error.file, error.key) == (tmp_path / "interfaces.yaml", f"interfaces[0].{field}")
    assert error.file.read_text().splitlines()[error.line - 1].strip(" -").startswith(f"{field}:")
    assert "\n" not in error.message
    assert ". " not in error.message
    assert find(slug) == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"kind": "Float"},
            "can't be changed from 'Integer' to 'Float', since values of 'age' are stored; change it back, or define "
            "another interface",
        ),
        (
            {"store_in_database": False, "default_value": None},
            "can't be changed from true to false, since values of 'age' are stored; change it back, or define "
            "another interface",
        ),
        (
            {"schema": {"minimum": 1}},
            "can only be changed to one that every value of 'age' satisfies, since some are stored, but it may be "
            "less than 1",
        ),
    ],
)
def test_a_refusal_says_what_and_why(register, store_values, change, message):
    register(AGE, MASK)
    store_values()
    with pytest.raises(DefinitionError) as caught:
        register(edited(AGE, change))
    assert caught.value.message == message


def test_all_refused_changes_are_named_at_once_and_nothing_is_applied(register, find, store_values):
    register(AGE, MASK)
    store_values()
    with pytest.raises(DefinitionErrors) as caught:
        register(
            edited(AGE, {"kind": "Float", "relative_path": "x.json", "description": "new"}),
            {**MASK, "overlay_segments": [CYST, {**LESION, "name": "Other"}]},
            NEW,
        )
    assert [problem.key for problem in caught.value.problems] == [
        "interfaces[0].kind",
        "interfaces[0].relative_path",
        "interfaces[1].overlay_segments",
    ]
    assert find("age").description == "In years"
    assert find("mask").overlay_segments_json == [LESION]
    with pytest.raises(Exception, match="'new' is registered"):
        find("new")


def test_another_slug_or_title_is_another_interface_and_clashes_with_this_one(register):
    register(AGE)
    with pytest.raises(DefinitionErrors) as caught:
        register({**AGE, "slug": "years"})
    assert [(one.key, one.message) for one in caught.value.problems] == [
        (
            "interfaces[0].title",
            "'Age' is taken by the registered interface 'age'; choose another, or give 'slug: age' to change that one",
        ),
        (
            "interfaces[0].relative_path",
            "'age.json' is taken by the registered interface 'age'; choose another, or give 'slug: age' to change "
            "that one",
        ),
    ]
    with pytest.raises(DefinitionError, match=r"relative_path: 'age\.json' is taken by the registered interface 'age'"):
        register({**{key: value for key, value in AGE.items() if key != "slug"}, "title": "Years"})


def test_a_look_up_table_is_registered_named_later_and_changed_for_all(register, find):
    assert register({**MASK, "look_up_table": "Red"}, look_up_tables=[RED]) == (
        "look-up table Red",
        "interface mask",
    )
    other = {"title": "Map", "kind": "Heat map", "relative_path": "images/map", "look_up_table": "Red"}
    assert register(other) == ("interface map",)
    changed = {**RED, "range_max": 7}
    assert register({**MASK, "look_up_table": "Red"}, look_up_tables=[changed]) == ("look-up table Red",)
    assert find("map").look_up_table.range_max == find("mask").look_up_table.range_max == 7
    with pytest.raises(DefinitionError, match="shared with the registered interface 'mask'") as caught:
        register({**other, "look_up_table": RED})
    assert caught.value.key == "interfaces[0].look_up_table"


def test_a_default_interface_may_be_edited_and_stays_so(register, find):
    own = {
        "title": "Results JSON File",
        "kind": "Anything",
        "relative_path": "results.json",
        "store_in_database": False,
        "description": "Ours",
    }
    register(AGE)
    assert register(own) == ("interface results-json-file",)
    assert register(own) == ()
    assert register(AGE) == ()
    assert find("results-json-file").description == "Ours"


def test_no_rule_is_broken_by_what_is_as_it_was():
    for kind in (Kind.INTEGER, Kind.ANY):
        one = an_interface(kind=kind, schema={"oneOf": [{"minimum": 1}, {"type": "null"}]})
        assert find_refused_edits(one, one) == {}
