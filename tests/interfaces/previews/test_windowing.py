from __future__ import annotations

import numpy as np
import pytest

from interfaces.previews.windowing import SOFT_TISSUE_HU, is_hounsfield, to_grey, window_of


def test_a_few_extreme_voxels_do_not_make_the_rest_dark():
    values = np.random.default_rng(0).normal(500, 50, 100_000)
    values[:10] = 1e9
    low, high = window_of(values)
    assert 350 < low < 500 < high < 700


def test_ct_is_shown_in_a_window_for_soft_tissue():
    generator = np.random.default_rng(0)
    values = np.concatenate([np.full(5000, -1000), generator.normal(40, 30, 5000), generator.normal(700, 200, 500)])
    assert window_of(values.astype(np.int16)) == SOFT_TISSUE_HU


@pytest.mark.parametrize(
    "values",
    [np.linspace(-1, 1, 1000), np.linspace(0, 4000, 1000), np.full(100, -1000.0), np.linspace(-30_000, 0, 1000)],
)
def test_what_has_no_air_and_no_tissue_is_no_ct(values):
    assert not is_hounsfield(values)


def test_bytes_that_use_their_range_are_shown_as_they_are():
    assert window_of(np.array([0, 10, 200], np.uint8)) == (0, 255)
    assert window_of(np.array([0, 1] * 50, np.uint8)) == (0, 1)


def test_one_voxel_that_differs_is_seen():
    values = np.zeros(100_000, np.int16)
    values[::5000] = 7
    assert window_of(values) == (0, 7)


def test_an_image_of_one_value_is_grey_and_none_of_numbers_black():
    constant = np.full((4, 4), 7.0)
    assert (to_grey(constant, window_of(constant)) == 0.5).all()
    empty = np.full((4, 4), np.nan)
    assert (to_grey(empty, window_of(empty)) == 0).all()


def test_what_is_no_number_does_not_spoil_the_window():
    values = np.linspace(0, 100, 1000)
    values[:3] = np.nan, np.inf, -np.inf
    low, high = window_of(values)
    assert 0 <= low < high <= 100
    grey = to_grey(values, (low, high))
    assert grey[:3].tolist() == [0, 1, 0]
    assert np.isfinite(grey).all()
