"""A page in Prefect's UI: everything in it, and nothing obeyed."""

from __future__ import annotations

from html.parser import HTMLParser
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from report_records import HOSTILE, a_job, a_string, an_image, hostile_job

from interfaces.job_status import JobStatus
from interfaces.reports.building import job_report, job_step
from interfaces.reports.gallery import Gallery
from interfaces.reports.markdown import MOST_ROWS, image_page, page
from interfaces.reports.record import GRAPH, Links, RunReport, Step

GFM = MarkdownIt("gfm-like", {"html": True, "linkify": True})
GFM.validateLink = lambda url: True  # Prefect's own renderer is not so strict
TAGS = {
    *("p", "strong", "blockquote", "h2", "h3", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "pre", "code"),
    *("a", "img"),
}


class Seen(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def shown(report: RunReport, links: Links | None = None, **bounds) -> Seen:
    gallery = Gallery(**{"most_bytes": 2**20, "seconds": 10, **bounds})
    seen = Seen(GFM.render(page(report, gallery, links or Links(base=""))))
    for tag, attributes in seen.tags:
        assert tag in TAGS, tag
        assert set(attributes) <= {"href", "src", "alt", "style", "class"}
        for name, beginnings in {"href": ("/runs/", "/ui/", "/artifacts/"), "src": ("data:image/",)}.items():
            assert attributes.get(name) is None or attributes[name].startswith(beginnings)
    return seen


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


def test_runs_values_and_images_are_linked():
    job, giver, around = a_job(inputs={"words": a_string("x")}), uuid4(), uuid4()
    links = Links(base="/ui", origins={1: giver}, around=around)
    found = {attributes["href"] for tag, attributes in shown(job_report(job), links).tags if tag == "a"}
    runs = {f"/ui/runs/flow-run/{one}" for one in (job.flow_run_id, giver, around)}
    assert found == {*runs, "/ui/artifacts/key/image-lesion-counter-abababababab"}
    assert not [tag for tag, _ in shown(job_report(job), Links()).tags if tag == "a"]


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


def test_an_image_has_a_page():
    seen = Seen(GFM.render(image_page(an_image(source=HOSTILE))))
    assert {tag for tag, _ in seen.tags} <= TAGS
    assert "sha256:" + "ab" * 32 in seen.text
