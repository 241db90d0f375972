"""Names that people gave to runs, and names that Prefect made up."""

from __future__ import annotations

import re
from pathlib import Path

import prefect
import pytest
from prefect.utilities.names import generate_slug

from flows.run_names import typed_name


def test_names_that_the_server_makes_up_give_way():
    assert not [name for name in (generate_slug(2) for _ in range(2000)) if typed_name(name)]
    assert typed_name(None) is None
    assert typed_name("") is None


def test_names_that_the_form_of_the_ui_fills_in_give_way():
    pages = (Path(prefect.__file__).parent / "server" / "ui" / "assets").glob("index-*.js")
    # What the form has, in the form's own code: a letter with a number, where a star is, and now and then a word.
    (first,) = {found for page in pages for found in re.findall(r"`(alpha\.alpha2\.[^`]*)`", page.read_text())}
    letters = [letter.replace("RANDOM", "427") for letter in first.split(".")]
    assert len(letters) > 200
    stars = [f"{letter}{rest}" for letter in letters for rest in ("", "-cygni", "-canis-majoris-nebula", "--b")]
    assert not [name for name in stars if typed_name(name)]


@pytest.mark.parametrize(
    "name",
    [
        "Patient 7",
        "follow-up",
        "brain-volumetry",
        "puppet-report",
        "alpha 2",
        "Beta-cygni",
        "faithful-quoll-2",
        "quoll",
    ],
)
def test_names_of_people_stay(name):
    assert typed_name(name) == name
