"""Means and quantiles in groups, against pandas."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interfaces.grouped_numbers import Groups

NUMBERS = st.one_of(st.just(math.nan), st.floats(0, 1e12, allow_subnormal=False))


@given(st.lists(st.tuples(st.integers(0, 5), NUMBERS), min_size=1, max_size=80))
def test_the_figures_are_those_of_pandas(members):
    table = pd.DataFrame(members, columns=["group", "value"])
    codes, unique = pd.factorize(table["group"], sort=True)
    told = Groups(codes, len(unique)).describe(table["value"].to_numpy())
    expected = table.groupby("group")["value"]
    close = {"rtol": 1e-12, "atol": 1e-300}
    np.testing.assert_allclose(told.total, expected.sum(min_count=1), **close)
    np.testing.assert_allclose(told.mean, expected.mean(), **close)
    np.testing.assert_allclose(told.median, expected.median(), **close)
    np.testing.assert_allclose(told.p95, expected.quantile(0.95), **close)
    np.testing.assert_allclose(told.highest, expected.max(), **close)


def test_more_groups_than_sixteen_bits_tell_apart():
    count = 2**16 + 5
    codes = np.random.default_rng(0).permutation(np.repeat(np.arange(count), 2))
    told = Groups(codes, count).describe(codes.astype(float) + 0.5)
    np.testing.assert_array_equal(told.median, np.arange(count) + 0.5)


def test_no_group_at_all_is_empty():
    told = Groups(np.array([], np.intp), 0).describe(np.array([]))
    assert told.mean.shape == told.p95.shape == (0,)


def test_the_numbers_themselves_are_left_as_they_are():
    values = np.array([3.0, 1.0, 2.0])
    assert Groups(np.zeros(3, np.intp), 1).describe(values).median == pytest.approx([2])
    assert values.tolist() == [3, 1, 2]
