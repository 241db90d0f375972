"""A deployed graph in a browser: its form, its run with a bar for each node, and the way from there to a node's job."""

from __future__ import annotations

import re

import pytest
from browser import EXAMPLE, picture
from playwright.sync_api import expect
from prefect_ui import GREEN, RunForm, RunPage, expect_picture, follow, open_form

pytestmark = [pytest.mark.engine, pytest.mark.soak]


def test_a_person_runs_a_graph_and_goes_from_its_page_to_the_job_of_a_node(deployed, worker, visit, brain):
    image, reference = brain
    every_day = {"mri": str(image), "reference": str(reference)}
    deployed(EXAMPLE, "brain-volumetry", schedule="0 6 * * *", inputs=every_day)
    worker()

    page = visit("/deployments")
    page.get_by_role("link", name="brain-volumetry", exact=True).click()
    open_form(page)
    form = RunForm(page)
    form.write("mri: T1 brain MRI", image)
    form.write("reference: Reference tissues", reference)
    form.start()

    run = RunPage(page)
    expect(run.state).to_have_text("Completed")
    run.expect_colour(GREEN)
    picture(page, "graph-run")
    page.get_by_text("Subflow Runs", exact=True).click()
    for node in ("segment", "measure", "compare"):
        expect(page.get_by_role("link", name=node, exact=True)).to_be_visible()

    run.open_page("graph-brain-volumetry")
    preview = page.get_by_role("img", name=re.compile("voxels"))
    expect_picture(preview)
    picture(page, "graph-artifact", height=1250)

    page = follow(page, "segment")
    run = RunPage(page)
    expect(run.state).to_have_text("Completed")
    expect(page.get_by_text(re.compile("^job:"))).to_be_visible()
    run.open_page(re.compile("Job [0-9a-f]{8}"))  # a node's page has no name of its own
    page = follow(page, "its container image")
    page.locator("a", has_text=re.compile("^[0-9a-f]{8}$")).first.click()  # the list of what has had this name
    expect(page.get_by_text("component-flows images tissue-segmentation")).to_be_visible()

    page.get_by_role("button", name="Deployments").click()
    page.get_by_role("link", name="brain-volumetry", exact=True).click()
    expect(page.get_by_text("0 6 * * * (UTC), component-flows").last).to_be_visible()
    expect(page.get_by_text("Ready", exact=True)).to_be_visible()
    picture(page, "schedule")
