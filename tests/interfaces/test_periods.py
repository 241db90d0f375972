"""Ages and moments as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from interfaces.errors import DefinitionError
from interfaces.periods import age, moment

NOW = datetime(2025, 3, 31, 12, tzinfo=UTC)


def test_an_age_is_a_number_with_a_unit():
    told = [age(text) for text in ("30d", "12h", "90min", "90 m", "45s", "2w", "1.5d", "0d")]
    hours = [720, 12, 1.5, 1.5, 0.0125, 336, 36, 0]
    assert told == [timedelta(hours=one) for one in hours]


@pytest.mark.parametrize("text", ["", "30", "d", "-1d", "1 year", "30d ago", "1e3d", "nan d", "\u0663\u0660d"])
def test_what_is_no_age_is_named_with_how_one_is_written(text):
    with pytest.raises(DefinitionError, match="is no age; an age is a number with one of s, min, h, d and w"):
        age(text)


def test_an_age_counts_back_and_a_date_is_local():
    assert moment("30d", now=NOW) == datetime(2025, 3, 1, 12, tzinfo=UTC)
    assert moment("2025-03-01T10:00+02:00") == datetime(2025, 3, 1, 8, tzinfo=UTC)
    assert moment("2025-03-01") == datetime(2025, 3, 1).astimezone()
    assert moment(NOW) == NOW


@pytest.mark.parametrize("text", ["yesterday", "2025-13-01", "999999999d", "999999999w"])
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(DefinitionError):
        moment(text)
