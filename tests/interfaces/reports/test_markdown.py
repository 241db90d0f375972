"""A page in Prefect's UI: everything in it, and nothing obeyed."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_pages import Seen
from report_records import HOSTILE, a_job, a_string, hostile_job

from interfaces.job_status import JobStatus
from interfaces.jobs import ComponentJob
from interfaces.reports.building import job_report, job_step
from interfaces.reports.gallery import Gallery
from interfaces.reports.markdown import MOST_ROWS, page
from interfaces.reports.record import GRAPH, Links, RunReport, Step


def shown(report: RunReport, links: Links | None = None, **bounds) -> Seen:
    gallery = Gallery(**{"most_bytes": 2**20, "seconds": 10, **bounds})
    return Seen(page(report, gallery, links or Links(base="")))


@settings(max_examples=30, deadline=None)
@given(st.text(alphabet=st.sampled_from("<>&\"'`*_[]()!|\\#-~=:/.@$w \nax0{}^\u202e\x1b"), min_size=1, max_size=60))
def test_no_text_of_a_run_is_obeyed(text):
    seen = shown(job_report(hostile_job(text)))
    assert sum(tag == "img" for tag, _ in seen.tags) == 1  # the use of the machine


def test_a_hostile_graph_keeps_its_tables():
    steps = (job_step(HOSTILE, hostile_job(HOSTILE)), job_step("good", a_job()))
    report = RunReport(
        kind=GRAPH,
        id=uuid4(),
        title=HOSTILE,
        status=JobStatus.FAILURE,
        message=HOSTILE,
        facts=((HOSTILE, HOSTILE),),
        inputs={HOSTILE: (a_string(HOSTILE), a_string(HOSTILE))},
        outputs={},
        steps=steps,
        left_out={HOSTILE: HOSTILE},
    )
    seen = shown(report, Links(base="", around=uuid4()))
    rows = sum(tag == "tr" for tag, _ in seen.tags)
    assert rows == 2 + 3 + 3 + 2 + 2  # failures, inputs, nodes, left out, details: each with its header
    assert "javascript:alert(1)" in seen.text.replace("\N{WORD JOINER}", "")


def test_the_verdict_comes_first_and_the_log_last():
    text = page(job_report(hostile_job("why")), Gallery(most_bytes=2**20, seconds=9), Links(base=""))
    order = [
        "**Failed**",
        "> **why**",
        "Try this first: why",
        "## Outputs",
        "## Resources",
        "## Inputs",
        "## Last lines",
    ]
    assert sorted(order, key=text.index) == order


def test_a_warning_of_a_job_that_succeeded_is_shown():
    verdict = {"kind": "memory_warning", "message": "A process was ended.", "advice": "give it more", "figures": {}}
    text = shown(job_report(a_job(verdict=verdict))).text
    assert "A process was ended." in text
    assert "give it more" in text


def linked(job: ComponentJob, links: Links) -> set[str | None]:
    return shown(job_report(job), links).links


def test_runs_values_and_images_are_linked():
    job, giver, around = a_job(inputs={"words": a_string("x")}), uuid4(), uuid4()
    links = Links(base="/ui", origins={1: giver}, around=around)
    runs = {f"/ui/runs/flow-run/{one}" for one in (job.flow_run_id, giver, around)}
    assert linked(job, links) == runs  # and to no page that is not there
    pages = {"value-1-cdcdcdcdcdcd", "image-lesion-counter-abababababab"}
    assert linked(job, replace(links, pages=pages)) == {*runs, *(f"/ui/artifacts/key/{key}" for key in pages)}
    assert linked(job, Links(pages=pages)) == set()


@pytest.mark.parametrize("bounds", [{"most_bytes": 10}, {"seconds": 0}])
def test_what_has_no_room_or_time_is_named(bounds):
    long = a_string("word " * 100, pk=5)
    text = shown(job_report(a_job(outputs={"story": long})), **bounds).text
    assert "Not shown here for want of room or time: story." in text
    assert "word word" not in text
    assert "word word" in shown(job_report(a_job(outputs={"story": long}))).text


def test_a_run_of_thousands_of_parts_has_a_page_of_a_bounded_size():
    steps = [Step(name=f"case {number}", status=JobStatus.SUCCESS) for number in range(5000)]
    steps[4000] = Step(name="the bad one", status=JobStatus.FAILURE, message="too dark")
    report = RunReport(kind="batch", id=uuid4(), title="t", status=JobStatus.FAILURE, steps=tuple(steps), part="case")
    text = page(report, Gallery(most_bytes=0, seconds=0), Links(base=""))
    assert len(text) < 40_000
    assert text.index("the bad one") < text.index("case 0")
    assert f"And {5000 - MOST_ROWS:,} more." in text
