"""JSON values into the store: hostile ones from values and from files, and many at once."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from records import an_interface

from interfaces import value_creation
from interfaces.database.tables import ValueRow
from interfaces.errors import ValidationError
from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.settings import get_settings
from interfaces.value_creation import create_value, create_values


@pytest.fixture
def anything(stored):
    return stored(an_interface(title="Anything", kind=Kind.ANY, relative_path="anything.json"))


@pytest.fixture
def anything_in_files(stored):
    return stored(an_interface(title="In files", kind=Kind.ANY, relative_path="in-files.json", store_in_database=False))


def rows(site) -> int:
    with site.database.session() as session:
        return session.query(ValueRow).count()


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


# ---- hostile values


@pytest.mark.parametrize(
    ("value", "text", "words"),
    [
        (deep(100_000), b"[" * 100_000 + b"]" * 100_000, "nested more than 500 levels deep"),
        (deep(100_000), b'{"a":' * 100_000, "nested more than 500 levels deep"),
        ({"a": float("nan")}, b'{"a": NaN}', "use null"),
        ({"a": float("-inf")}, b'{"a": -Infinity}', "use null"),
        (["\ud800"], b'["\\ud800"]', "half of a surrogate pair"),
        ({"\udfff": 1}, b'{"\\udfff": 1}', "half of a surrogate pair"),
        (10**4300, b"1" * 4301, "more than 4,300 digits"),
        (..., b'{"a": 1, "b": {"c": 1, "c": 1}}', 'the key "c" is twice in one object at line 1, column 24'),
        (..., b'"\xed\xa0\x80"', "not UTF-8 text"),
        (..., b"[1e400]", "too large for a float"),
        (..., b'{"a": 1}{', "extra data at line 1, column 9"),
        (..., b"", "the text is empty"),
    ],
    ids=range(12),
)
def test_a_hostile_value_is_refused_in_one_clear_line(site, anything, anything_in_files, tmp_path, value, text, words):
    path = tmp_path / "value.json"
    path.write_bytes(text)
    for interface in (anything, anything_in_files):
        for given in [{"file": path}, *([] if value is ... else [{"value": value}])]:
            with pytest.raises(ValidationError, match=words) as caught:
                interface.create_instance(**given)
            assert "\n" not in str(caught.value)
            assert len(str(caught.value)) < 300
    assert rows(site) == 0


def test_what_is_no_number_becomes_null_in_the_output_of_a_component_only(anything, tmp_path):
    path = tmp_path / "value.json"
    path.write_text("[NaN, Infinity, -Infinity, 1]")
    assert create_value(anything, file=path, nan_to_null=True).value == [None, None, None, 1]


@pytest.fixture
def small_limit(monkeypatch):
    monkeypatch.setenv("COMPONENT_FLOWS_LIMITS__JSON_BYTES", "2000")
    get_settings.cache_clear()


def test_a_huge_value_is_refused_with_the_setting_that_bounds_it(
    small_limit, site, anything, anything_in_files, tmp_path
):
    path = tmp_path / "value.json"
    path.write_text(json.dumps("x" * 1998))
    assert anything.create_instance(file=path).value == "x" * 1998
    path.write_text(json.dumps("x" * 1999))
    for interface in (anything, anything_in_files):
        for given in ({"file": path}, {"value": "x" * 1999}):
            with pytest.raises(ValidationError, match=r"it has 2001 bytes.*at most 2000 .*limits\.json_bytes"):
                interface.create_instance(**given)


def test_a_value_that_is_large_for_a_database_is_kept_in_a_file_or_refused(
    monkeypatch, site, anything, anything_in_files
):
    monkeypatch.setattr(value_creation, "MAX_BYTES_IN_DATABASE", 1000)
    assert anything.create_instance(value="x" * 998).value == "x" * 998
    with pytest.raises(ValidationError, match=r"1001 bytes as JSON; at most 1000 .*store_in_database: false"):
        anything.create_instance(value="x" * 999)
    assert anything_in_files.create_instance(value="x" * 999).value == "x" * 999


@pytest.mark.soak
def test_a_text_of_a_gigabyte_is_refused_from_values_and_files(site, anything, anything_in_files, tmp_path):
    path = tmp_path / "value.json"
    with path.open("wb") as file:
        file.write(b'"')
        for _ in range(1024):
            file.write(b"x" * 2**20)
        file.write(b'"')
    for interface in (anything, anything_in_files):
        with pytest.raises(ValidationError, match="at most 536870912 are read"):
            interface.create_instance(file=path)
        for text in ("x" * 2**30, "é" * 2**29, "😀" * 2**28):
            with pytest.raises(ValidationError, match="at most 536870912 are read"):
                interface.create_instance(value=text)
            with pytest.raises(ValidationError, match="at most 536870912 are read"):
                interface.create_instance(value={text: [text]} if len(text) < 2**29 else [text])
    os.truncate(path, 0)


@pytest.mark.soak
@pytest.mark.parametrize("character", ["x", "é", "鳥", "😀", "\x01"])
def test_the_largest_value_of_any_characters_fits_into_the_database(anything, character):
    text = character * (
        (value_creation.MAX_BYTES_IN_DATABASE - 2) // len(json.dumps(character, ensure_ascii=False)[1:-1].encode())
    )
    assert anything.create_instance(value=text).value == text


# ---- many at once


def test_many_values_are_stored_at_once_in_their_order(site, anything, anything_in_files):
    values = [{"a": number % 50} for number in range(3000)]
    for interface in (anything, anything_in_files):
        before = rows(site)
        records = create_values(interface, iter(values))
        assert [record.value for record in records] == values
        assert rows(site) == before + 50
        assert create_values(interface, values) == records
        assert interface.create_instance(value=values[7]) == records[7]
    assert create_values(anything, []) == []


def test_of_many_values_none_is_stored_where_one_does_not_fit(site, stored):
    numbers = stored(an_interface())
    with pytest.raises(ValidationError, match=r"values\[2\]: 'x' is not of type 'integer'"):
        create_values(numbers, [1, 2, "x", 3])
    assert rows(site) == 0


def test_only_json_is_stored_at_once(stored):
    scan = stored(an_interface(title="Scan", kind=Kind.IMAGE, relative_path="images/scan"))
    with pytest.raises(ValidationError, match=r"values\[0\]: Image values are files"):
        create_values(scan, [1])


def test_a_value_that_was_handed_in_is_not_the_record(anything):
    given = {"a": [1]}
    (record,) = create_values(anything, [given])
    given["a"].append(2)
    assert record.value == {"a": [1]}
