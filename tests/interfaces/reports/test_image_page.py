"""The page of a version of a container image."""

from __future__ import annotations

from markdown_pages import Seen
from report_records import BEGIN, HOSTILE, an_image

from interfaces.reports.image_page import image_page


def test_it_says_what_the_image_is_and_obeys_nothing():
    seen = Seen(image_page(an_image(source=HOSTILE), now=BEGIN, address="/runs/flow-run/1"))
    assert "sha256:" + "ab" * 32 in seen.text
    assert seen.links == {"/runs/flow-run/1"}
    assert Seen(image_page(an_image(), now=BEGIN)).links == set()
