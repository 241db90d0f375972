"""A report opens from disk in a browser: whole, legible, and without asking anybody for anything."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from browser import need_browser, visiting
from report_records import BEGIN, HOSTILE, a_job, a_string, an_image, hostile_job, metrics

from interfaces.job_status import JobStatus
from interfaces.reports.building import job_step, totals
from interfaces.reports.gallery import Gallery
from interfaces.reports.html import run_page
from interfaces.reports.record import GRAPH, RunReport, Step

BROKEN = "[...document.images].filter(image => !image.naturalWidth).length"
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
OVERLAPS = """
[...document.querySelectorAll('svg')].flatMap(svg => {
    const boxes = [...svg.querySelectorAll('text')].map(text => [text.textContent, text.getBoundingClientRect()])
    const frame = svg.getBoundingClientRect()
    const out = boxes.filter(([, box]) => box.left < frame.left || box.right > frame.right).map(([text]) => text)
    return out.concat(boxes.flatMap(([text, one], at) => boxes.slice(at + 1).filter(([, other]) =>
        one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom
    ).map(([other]) => `${text} / ${other}`)))
})
"""


def a_node(name: str, component: str, **changes) -> Step:
    start, took = changes["start_s"], changes["took_s"]
    cpu = [100 + 80 * (second % 7 > 2) for second in range(int(took))]
    used = metrics(start, CPUUtilization=cpu, MemoryUtilization=[min(90, 4 * second) for second in range(int(took))])
    return job_step(name, a_job(component=component, image=an_image(component), runtime_metrics=used, **changes))


def a_report() -> RunReport:
    steps = (
        a_node("segment", "tissue-segmentation", start_s=2, took_s=40),
        a_node("denoise", "denoising", start_s=3, took_s=25),
        a_node("measure", "tissue-volumes", start_s=44, took_s=12),
        a_node("compare", "tissue-agreement", start_s=45, took_s=9, status=JobStatus.FAILURE, error_message="no mask"),
    )
    jobs = [step.job for step in steps if step.job is not None]
    return RunReport(
        kind=GRAPH,
        id=UUID(int=7),
        title="Brain volumetry",
        name="brain-volumetry",
        status=JobStatus.FAILURE,
        message="the node 'compare' failed: no mask",
        started_at=BEGIN,
        completed_at=max(job.completed_at for job in jobs if job.completed_at is not None),
        facts=tuple(totals(jobs)),
        inputs={"words": a_string("grey and white")},
        outputs={"volumes": a_string("CSF 272 ml, grey matter 883 ml, white matter 726 ml " * 4, pk=2)},
        steps=steps,
    )


@pytest.mark.parametrize("kind", ["usual", "hostile"])
def test_a_report_is_whole_and_legible(kind: str, tmp_path: Path):
    need_browser()
    report = a_report()
    if kind == "hostile":
        steps = tuple(job_step(f"{HOSTILE} {number}", hostile_job(HOSTILE * 9, start_s=number)) for number in range(40))
        report = RunReport(kind=GRAPH, id=UUID(int=8), title=HOSTILE * 9, status=JobStatus.FAILURE, steps=steps)
    file = tmp_path / "report.html"
    file.write_text(run_page(report, Gallery(most_bytes=2**22, seconds=20), now=BEGIN), encoding="utf-8")
    with visiting(tmp_path / "last.png") as visit:
        refused: list[str] = []
        visit.page.on("console", lambda message: refused.append(message.text))
        visit.page.goto(file.as_uri())
        assert visit.page.evaluate(BROKEN) == 0
        assert visit.page.evaluate(WIDER) == 0
        assert visit.page.evaluate(OVERLAPS) == []
        assert (visit.elsewhere, refused) == ([], [])
