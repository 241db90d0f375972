from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from interfaces.previews.drawing import Legend, Panel, compose, round_length


@pytest.mark.parametrize(
    ("most", "length"), [(7.3, 5), (5, 5), (2.9, 2), (1, 1), (99, 50), (0.034, 0.02), (1e-7, 1e-7), (3e6, 2e6)]
)
def test_a_scale_has_a_round_length(most, length):
    assert round_length(most) == pytest.approx(length)


def test_the_bar_of_the_scale_is_as_long_as_it_says():
    panel = Panel(pixels=np.zeros((200, 300, 3), np.uint8), px_per_mm=2.0)
    picture = np.asarray(Image.open(io.BytesIO(compose([panel]))))
    rows = (picture[150:214] > 200).all(axis=-1).sum(axis=1)
    assert rows.max() == pytest.approx(100, abs=2)  # 50 mm


def test_a_legend_of_64_names_is_bounded():
    entries = [(f"A rather long name of the segment {at}" * 3, (at, 255 - at, 0)) for at in range(64)]
    panel = Panel(pixels=np.zeros((20, 30, 4), np.uint8))
    with Image.open(io.BytesIO(compose([panel], legend=Legend(entries=entries), transparent=True))) as picture:
        assert picture.height < 800
        assert picture.mode == "RGBA"
        assert picture.getpixel((0, 0)) == (0, 0, 0, 0)
