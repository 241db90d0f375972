"""`preview` itself: each kind has one, and nothing in a value makes it raise."""

from __future__ import annotations

import logging

import numpy as np
import pytest

import interfaces
from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.previews import making
from interfaces.previews.limits import MAX_PNG_BYTES
from interfaces.previews.making import _PREVIEWS, preview
from interfaces.value import ComponentInterfaceValue

SEGMENTS = ({"name": "One", "visible": True, "voxel_value": 1},)


def test_each_kind_has_a_preview():
    assert set(_PREVIEWS) == set(Kind)


def test_it_is_part_of_the_public_names():
    assert interfaces.preview is preview
    assert interfaces.Preview.__name__ == "Preview"


def some_image(image_file):
    """An image that no other test stores: spoiling it must not spoil theirs, which may share its file."""
    return image_file(np.random.default_rng().integers(0, 2**60, (3, 4, 5)))


def spoil(value: ComponentInterfaceValue, data: bytes | None) -> None:
    """Change or remove the stored file of a value behind the store's back."""
    path = value.path
    assert path is not None
    path.chmod(0o644)
    if data is None:
        path.unlink()
    else:
        path.write_bytes(data)


@pytest.mark.parametrize("data", [None, b"", b"junk" * 100, b"ObjectType = Image\nNDims = 1000\n"])
def test_a_spoilt_image_has_a_sentence(value, image_file, data):
    image = value(Kind.IMAGE, given=some_image(image_file))
    spoil(image, data)
    made = preview(image)
    assert made.media_type == "text/plain"
    assert made.text.startswith(f"{image.title}: this Image can't be previewed: ")
    assert made.text.endswith(".")
    assert made.text.isprintable()


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (Kind.CSV, b"spoilt,b\n1,2\n"),
        (Kind.OBJ, b"# to be spoilt\nv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"),
        (Kind.NEWICK, b"(Spoilt,B);"),
    ],
)
def test_a_spoilt_file_has_a_sentence(value, tmp_path, kind, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    made_of = value(kind, given=path)
    spoil(made_of, b"\xff\xfe(((\0v x y\n" * 10)
    assert preview(made_of).text.endswith(".")


def test_what_nobody_thought_of_is_logged_and_said(value, monkeypatch, caplog):
    def broken(asked):
        raise RuntimeError("the cause")

    monkeypatch.setattr(making, "_PREVIEWS", {Kind.STRING: broken})
    with caplog.at_level(logging.ERROR):
        made = preview(value(Kind.STRING, given="x", title="Words"))
    assert made.text == "Words: this String can't be previewed: an unexpected error occurred, which is in the log."
    assert "the cause" in caplog.text


def test_time_is_bounded(value, image_file):
    image = value(Kind.IMAGE, given=image_file(np.zeros((30, 40, 50), np.uint8)))
    assert "it takes more than 0 s to read" in preview(image, max_seconds=0).text


def test_an_image_below_that_is_none_is_left_out(value, image_file, pixels):
    labels = value(Kind.SEGMENTATION, given=image_file(np.ones((4, 5, 6), np.uint8)), overlay_segments=SEGMENTS)
    assert pixels(preview(labels, over=value(Kind.STRING, given="no image"))).shape[2] == 4
    image = value(Kind.IMAGE, given=some_image(image_file))
    spoil(image, None)
    assert pixels(preview(labels, over=image)).shape[2] == 4


@pytest.mark.parametrize("width", [-5, 0, 10, 10**9])
def test_a_width_out_of_bounds_is_bounded(value, image_file, pixels, width):
    made = preview(value(Kind.IMAGE, given=image_file(np.eye(50, dtype=np.uint8) * 200)), width_px=width)
    assert pixels(made).shape[1] <= 4_100
    assert len(made.data) <= MAX_PNG_BYTES


def test_a_hostile_name_of_an_image_is_harmless(value, tmp_path, image_file):
    path = image_file(np.zeros((3, 4, 5), np.uint8))
    evil = path.with_name("<img src=x onerror=alert(1)>\x1b[31m.mha")
    path.rename(evil)
    made = preview(value(Kind.IMAGE, given=evil))
    assert "\x1b" not in made.text
    assert "<img src=x" not in made.as_html()
