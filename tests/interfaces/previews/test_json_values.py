from __future__ import annotations

import json
import time

import pytest

from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.previews.json_values import json_preview
from interfaces.previews.making import preview


@pytest.mark.parametrize(
    ("kind", "given", "shown"),
    [
        (Kind.STRING, "Some words", "Some words"),
        (Kind.INTEGER, 42, "42"),
        (Kind.BOOL, True, "true"),
        (Kind.ANY, None, "null"),
        (Kind.CHOICE, "Left", "Left"),
        (Kind.MULTIPLE_CHOICE, ["a", "b"], '[\n  "a",\n  "b"\n]'),
        (Kind.ANY, {"dice": 0.9}, '{\n  "dice": 0.9\n}'),
    ],
)
def test_small_values_are_shown_whole(value, kind, given, shown):
    stored = value(kind, given=given)
    made = preview(stored)
    assert made.text == f"{stored.title}\n{shown}"
    assert made.media_type == "text/html"


def test_a_large_value_is_cut_without_being_written_whole():
    began = time.monotonic()
    made = json_preview({"numbers": list(range(2_000_000))}, title="Many")
    assert time.monotonic() - began < 1
    assert made.text.endswith("…\nOnly the beginning is shown.")
    assert made.text.count("\n") < 70
    assert len(made.data) < 10_000


def test_a_long_string_is_cut():
    made = json_preview("ab " * 100_000, title="Long")
    assert "Only the beginning of 300,000 characters is shown." in made.text
    assert len(made.data) < 10_000


def test_deep_values_and_wild_strings_are_shown():
    deep: object = "\x1b[0m\u202e"
    for _ in range(400):
        deep = [deep]
    made = json_preview(deep, title="Deep")
    assert made.text.replace("\n", "").isprintable()
    hostile = json_preview({"a": "\x1b[0m\u202e", "b": 10**500}, title="Wild")
    assert hostile.text.replace("\n", "").isprintable()


def test_a_transform_is_a_table(value):
    matrix = [[1, 0, 0, 12.5], [0, 0.5, 0, -3], [0, 0, 1, 1e-9], [0, 0, 0, 10**400]]
    made = preview(value(Kind.AFFINE_TRANSFORM_REGISTRATION, given={"3d_affine_transform": matrix}))
    assert made.text.splitlines()[1].split() == ["x", "y", "z", "translation"]
    assert made.text.splitlines()[2].split() == ["1", "0", "0", "12.5"]
    assert json.dumps(made.as_html())
