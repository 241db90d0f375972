"""When parts waited and ran."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from report_records import BEGIN, a_job

from interfaces.job_status import JobStatus
from interfaces.reports import svg as colours
from interfaces.reports.building import job_step
from interfaces.reports.record import Step
from interfaces.reports.timeline import timeline

SVG = "{http://www.w3.org/2000/svg}"


def boxes(picture: str, colour: str) -> list[tuple[float, float]]:
    """Left edge and width of the bars of a colour, without the legend's."""
    found = ElementTree.fromstring(picture).iter(f"{SVG}rect")
    bars = [one for one in found if one.attrib["fill"] == colour and float(one.attrib["y"]) > 30]
    return [(float(one.attrib["x"]), float(one.attrib["width"])) for one in bars]


def test_bars_lie_where_their_parts_waited_and_ran():
    steps = [job_step("a", a_job(start_s=0, took_s=10)), job_step("b", a_job(start_s=10, took_s=10))]
    picture = timeline(steps)
    (first, width), (second, other) = boxes(picture, colours.GREEN)
    assert width == pytest.approx(other, abs=0.2)
    assert second == pytest.approx(first + width, abs=0.2)
    (waited,) = boxes(picture, "#cbd2d9")
    assert waited == pytest.approx((first, width), abs=0.2)


def test_earlier_jobs_and_those_that_never_ran_are_not_drawn():
    earlier = job_step("a", a_job(), is_reused=True)
    never = job_step("b", a_job(JobStatus.CANCELLED, started_at=None))
    assert timeline([earlier, never]) == ""
    assert "<svg" in timeline([earlier, Step(name="c", status=JobStatus.SUCCESS, began=BEGIN, ended=BEGIN)])


def test_of_many_parts_those_that_failed_and_the_longest_are_drawn():
    steps = [job_step(f"n{number}", a_job(start_s=number, took_s=1 + number)) for number in range(100)]
    steps[0] = job_step("bad <b>", a_job(JobStatus.FAILURE, start_s=0, took_s=0.1))
    picture = timeline(steps, most=10)
    names = [one.text for one in ElementTree.fromstring(picture).iter(f"{SVG}text")]
    assert "bad <b>" in names
    assert "n99" in names
    assert "n50" not in names
    assert "10 of 100 are shown: those that failed, and the longest" in names
    assert len(boxes(picture, colours.RED)) == 1
