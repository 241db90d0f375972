"""From the form of a deployed component to the picture of what came out, in a browser, as a person would go."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import SimpleITK as sitk
from browser import PICTURES, picture
from playwright.sync_api import expect
from prefect_ui import GREEN, RunForm, RunPage, expect_picture, open_form

BRIGHT_REGIONS = Path(__file__).parent / "bright-regions"
CORNERS = "[[-60, -60, 0], [60, -60, 0], [60, 30, 0], [-60, 30, 0]]"

pytestmark = pytest.mark.engine


@pytest.fixture
def head(inputs: Path, request: pytest.FixtureRequest) -> Path:
    """A blurred ball, or for the documentation the example's brain, where runs from the UI may read."""
    if PICTURES is not None:
        return request.getfixturevalue("brain")[0]
    size, spacing = [48, 48, 24], [4.0, 4.0, 6.0]
    corner = [-count * step / 2 for count, step in zip(size, spacing, strict=True)]
    ball = sitk.GaussianSource(
        sitk.sitkUInt8, size=size, sigma=[40] * 3, mean=[0] * 3, scale=200, origin=corner, spacing=spacing
    )
    sitk.WriteImage(ball, inputs / "head.mha")
    return inputs / "head.mha"


def test_a_person_fills_in_the_form_watches_the_run_and_sees_what_came_out(deployed, worker, visit, head):
    deployed(BRIGHT_REGIONS, "bright-regions")
    worker()

    page = visit("/deployments")
    page.get_by_role("link", name="bright-regions", exact=True).click()
    open_form(page)
    form = RunForm(page)
    for label in ("Brain MRI", "Contrast (Optional)", "Threshold", "Smooth first (Optional)", "Remark"):
        expect(page.get_by_text(label, exact=True)).to_be_visible()
    expect(form.field("Threshold")).to_contain_text("At least 1 and at most 99")

    form.write("Threshold", 500)
    form.submit()
    expect(form.field("Brain MRI")).to_contain_text("is a required property")
    expect(form.field("Corners")).to_contain_text("is a required property")

    form.write("Brain MRI", head)
    form.choose("Contrast", "FLAIR")
    form.switch("Smooth first")
    form.write("Remark", "Follow-up after a year")
    form.write("Corners", CORNERS)
    form.submit()
    expect(page.get_by_text("500 is greater than the maximum of 99").first).to_be_visible()

    form.write("Threshold", 60)
    form.field("Brain MRI").scroll_into_view_if_needed()
    picture(page, "form", height=1360)
    form.start()

    run = RunPage(page)
    expect(run.log).to_contain_text("Follow-up after a year (FLAIR)")
    expect(run.state).to_have_text("Running")
    expect(run.state).to_have_text("Completed")
    expect(run.log).to_contain_text(re.compile(r"Part 4 of 4: \d+ bright voxels"))
    run.expect_colour(GREEN)
    page.reload()  # Prefect draws the time axis of a run that was watched over and over itself
    expect(run.log).to_contain_text("Part 4 of 4")
    picture(page, "run", height=1150)
    run.open_page("component-bright-regions")
    preview = page.get_by_role("img", name=re.compile("^Bright regions"))
    preview.scroll_into_view_if_needed()
    expect_picture(preview)
    picture(page, "artifact", height=1250)
