from __future__ import annotations

import pytest

from interfaces.catalogue.reading import read_catalogue
from interfaces.errors import DefinitionError
from interfaces.overlays import LookUpTable

RED = """\
look_up_tables:
  - title: Red
    color: "[0 0 0 0, 255 0 0 1]"
    alpha: "[0 0, 1 1]"
    color_invert: "[255 0 0 0, 0 0 0 1]"
    alpha_invert: "[1 0, 0 1]"
    range_min: -1000
    range_max: 3000
    relative: true
    color_interpolation: HLSneg
    color_interpolation_invert: Constant
"""
TABLE = LookUpTable(
    title="Red",
    color="[0 0 0 0, 255 0 0 1]",
    alpha="[0 0, 1 1]",
    color_invert="[255 0 0 0, 0 0 0 1]",
    alpha_invert="[1 0, 0 1]",
    range_min=-1000,
    range_max=3000,
    relative=True,
    color_interpolation="HLSneg",
    color_interpolation_invert="Constant",
)
TWO_MAPS = """\
interfaces:
  - {title: First, kind: Heat map, relative_path: images/first, look_up_table: Red}
  - {title: Second, kind: Heat map, relative_path: images/second, look_up_table: Red}
"""
INLINE = "{title: Red, color: '[0 0 0 0]', alpha: '[0 0]'}"


def a_map(table: str, title: str = "Map") -> str:
    return f"  - {{title: {title}, kind: Heat map, relative_path: images/{title.lower()}, look_up_table: {table}}}\n"


def test_every_key_of_a_look_up_table_is_read(read):
    assert read(RED).look_up_tables == (TABLE,)


def test_two_interfaces_share_one_that_they_name(read):
    assert [one.look_up_table for one in read(TWO_MAPS + RED).interfaces] == [TABLE, TABLE]


def test_it_may_stand_in_another_file(write):
    write(RED, "colours/a.interfaces.yaml")
    folder = write(TWO_MAPS, "interfaces.yaml").parent
    assert read_catalogue(folder).interfaces[1].look_up_table == TABLE


def test_it_may_be_registered_already_but_the_files_come_first(write):
    registered = {"Red": LookUpTable(title="Red", color="[1 1 1 1]", alpha="[1 1]")}
    assert read_catalogue(write(TWO_MAPS), look_up_tables=registered).interfaces[0].look_up_table == registered["Red"]
    assert read_catalogue(write(TWO_MAPS + RED), look_up_tables=registered).interfaces[0].look_up_table == TABLE


def test_a_title_that_is_unknown_is_refused_with_the_nearest_one(problems):
    ((line, key, message),) = problems(RED + "interfaces:\n" + a_map("Rde"))
    assert (line, key) == (13, "interfaces[0].look_up_table")
    assert message == "'Rde' is the title of no look-up table; did you mean 'Red'?"


def test_two_tables_of_one_title_are_refused(problems):
    ((line, key, message),) = problems(RED + "  - " + INLINE)
    assert (line, key) == (12, "look_up_tables[1].title")
    assert "has the same title as 'Red' in " in message


@pytest.mark.parametrize(
    "first", [RED + "interfaces:\n", "interfaces:\n" + a_map(INLINE.replace("0 0 0 0", "1 0 0 0"))]
)
def test_a_table_within_an_interface_that_has_the_title_of_another_is_refused(problems, first):
    text = first + a_map(INLINE, "Other")
    ((line, key, message),) = problems(text)
    assert line == len(text.splitlines())
    assert key.endswith(".look_up_table")
    assert message.startswith("another look-up table 'Red' is in ")
    assert message.endswith("; give one of them another title")


def test_the_same_table_within_two_interfaces_is_one(read):
    tables = [one.look_up_table for one in read("interfaces:\n" + a_map(INLINE) + a_map(INLINE, "Other")).interfaces]
    assert tables[0] == tables[1]


@pytest.mark.parametrize(
    ("changes", "key", "message"),
    [
        ({"title": "''"}, "title", "must not be empty"),
        ({"title": "x" * 256}, "title", "must be one line of at most 255 printable characters"),
        ({"color": "red"}, "color", "must be a list of points such as '[0 0 0 0, 1 1 1 1]', not 'red'"),
        ({"alpha": "'[0 0, 1 1]'"}, "color", "has 1 points and alpha 2; they must be equal"),
        ({"color_invert": "'[0 0 0 0]'"}, "color_invert", "and alpha_invert must both be given, or neither"),
        ({"range_min": "0.5"}, "range_min", "must be a whole number, not '0.5'"),
        ({"relative": "maybe"}, "relative", "must be true or false, not 'maybe'"),
        ({"color_interpolation": "HSL"}, "color_interpolation", "'HSL' is not known; did you mean 'HLS'?"),
        ({"colour": "red"}, "colour", "is not a known key; did you mean 'color'?"),
    ],
)
@pytest.mark.parametrize("place", ["look_up_tables", "interface"])
def test_one_mistake_is_one_error_at_its_key(problems, changes, key, message, place):
    fields = {"title": "Red", "color": "'[0 0 0 0]'", "alpha": "'[0 0]'", **changes}
    table = "{" + ", ".join(f"{name}: {value}" for name, value in fields.items()) + "}"
    text = f"look_up_tables:\n  - {table}" if place == "look_up_tables" else "interfaces:\n" + a_map(table)
    ((line, found_key, found),) = problems(text)
    where = "look_up_tables[0]" if place == "look_up_tables" else "interfaces[0].look_up_table"
    assert (line, found_key, found) == (2, f"{where}.{key}", message)


@pytest.mark.parametrize(
    "text", ["look_up_tables:", "look_up_tables: []", "look_up_tables: {}", "look_up_tables: [Red]"]
)
def test_what_is_no_list_of_look_up_tables_is_refused(problems, text):
    ((line, key, message),) = problems(text)
    assert line == 1
    assert key in ("look_up_tables", "look_up_tables[0]")
    assert message


def test_an_error_about_a_table_has_its_place(write):
    file = write(TWO_MAPS + RED)
    catalogue = read_catalogue(file)
    error = catalogue.error(catalogue.look_up_tables[0], "is wrong", "color")
    assert isinstance(error, DefinitionError)
    assert str(error) == f"{file}:6: look_up_tables[0].color: is wrong"
