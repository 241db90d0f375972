"""A report as one HTML file: nothing obeyed, nothing asked for."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st
from report_records import HOSTILE, a_job, a_string, hostile_job, metrics

from interfaces.job_status import JobStatus
from interfaces.reports.building import job_report, job_step
from interfaces.reports.gallery import Gallery
from interfaces.reports.html import run_page
from interfaces.reports.record import GRAPH, RunReport

VOID = {"meta", "img"}
TAGS = {
    *("html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "p", "span", "div", "b", "section"),
    *("table", "thead", "tbody", "tr", "th", "td", "code", "pre", "a", "details", "summary", "footer", "img", "figure"),
    *("figcaption", "svg", "rect", "text", "line", "polyline", "polygon", "caption"),
}


class Page(HTMLParser):
    """Checks that every tag is known and closed, and that no attribute leads elsewhere."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.policy = ""
        self.headings: list[str] = []
        self.ids: set[str] = set()
        self.anchors: set[str] = set()
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        assert tag in TAGS, tag
        assert not [name for name in attributes if name.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)
        if tag == "meta" and "http-equiv" in attributes:
            self.policy = attributes["content"] or ""
        for name in ("src", "href"):
            address = attributes.get(name)
            assert address is None or address.startswith(("data:image/", "#part-")), address
        self.ids |= {attributes["id"]} if "id" in attributes else set()
        self.anchors |= {attributes["href"].removeprefix("#")} if "href" in attributes else set()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_data(self, data):
        self.text += data
        if self.open and self.open[-1] == "h2":
            self.headings.append(data)


def shown(report: RunReport) -> Page:
    html = run_page(report, Gallery(most_bytes=2**22, seconds=20))
    assert not re.search(r"(?i)@import|url\(|<script|<iframe|<link", html)
    found = Page(html)
    assert found.anchors <= found.ids
    return found


def a_graph(text: str) -> RunReport:
    good = a_job(runtime_metrics=metrics(CPUUtilization=[1, 2]))
    return RunReport(
        kind=GRAPH,
        id=uuid4(),
        title=text,
        name=text,
        status=JobStatus.FAILURE,
        message=text,
        facts=((text, text),),
        inputs={text: a_string(text)},
        outputs={text: a_string(text * 9, pk=2)},
        steps=(
            job_step(text, hostile_job(text)),
            job_step("good", good),
        ),
        left_out={text: text},
    )


@settings(max_examples=20, deadline=None)
@given(st.text(alphabet=st.sampled_from("<>&\"'`{}%#/=-!; \nax\u202e\x1b\x00"), min_size=1, max_size=50))
def test_no_text_of_a_run_is_obeyed(text):
    shown(job_report(hostile_job(text)))
    shown(a_graph(text))


def test_a_page_allows_nothing_but_its_own_pictures_and_styles():
    page = shown(job_report(a_job()))
    assert page.policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")


def test_failures_come_first_and_lead_to_their_parts():
    page = shown(a_graph("bad"))
    order = ["What went wrong", "Outputs", "Timeline", "Resources", "Inputs", "Nodes", "Not run", "Container images"]
    assert page.headings == [*order, "Details"]
    assert page.anchors == {"part-0"}


def test_templates_in_values_are_texts():
    assert "{{ 7 * 7 }}" in shown(a_graph("{{ 7 * 7 }} {% raw %}")).text


def test_a_log_keeps_its_lines_and_a_value_that_was_shown_is_not_shown_again():
    same = a_string("word " * 100, pk=5)
    job = a_job(JobStatus.FAILURE, stderr="one\n  two <b>", outputs={"words": same})
    report = RunReport(
        kind=GRAPH, id=uuid4(), title="t", status=JobStatus.FAILURE, outputs={"w": same}, steps=(job_step("n", job),)
    )
    page = shown(report)
    assert "one\n  two <b>" in page.text
    assert page.text.count("word word") == 50


def test_the_hostile_text_is_there_to_be_read():
    assert "<script>alert(1)</script>" in shown(a_graph(HOSTILE)).text
