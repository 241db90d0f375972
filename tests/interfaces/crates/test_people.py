"""Who ran something, as people write it."""

from __future__ import annotations

import pytest

from interfaces.crates.people import Person, current_person
from interfaces.errors import DefinitionError
from interfaces.settings import Settings, settings_in_place

ORCID = "https://orcid.org/0000-0002-1825-0097"


@pytest.mark.parametrize(
    "text",
    [
        "Ada Lovelace <0000-0002-1825-0097>",
        f"Ada Lovelace <{ORCID}>",
        "Ada Lovelace (0000-0002-1825-0097)",
        f" Ada Lovelace {ORCID} ",
    ],
)
def test_a_name_with_an_orcid_can_be_written_in_several_ways(text):
    assert Person.from_text(text) == Person(name="Ada Lovelace", orcid=ORCID)


def test_a_name_or_an_orcid_alone_will_do():
    assert Person.from_text("Ada Lovelace") == Person(name="Ada Lovelace")
    assert Person.from_text("0000-0002-9079-593X").orcid == "https://orcid.org/0000-0002-9079-593X"


@pytest.mark.parametrize("text", ["", "  ", "a" * 256, "Ada\nLovelace", "Ada <0000-0002-1825-0098>"])
def test_what_names_nobody_is_refused(text):
    with pytest.raises(DefinitionError):
        Person.from_text(text)


def test_the_setting_says_who_runs_things():
    with settings_in_place(Settings(author="Ada Lovelace <0000-0002-1825-0097>")):
        assert Person.from_text(current_person()).orcid == ORCID
