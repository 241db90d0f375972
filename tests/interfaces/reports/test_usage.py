"""What was used, as figures and as a picture."""

from __future__ import annotations

from datetime import timedelta
from xml.etree import ElementTree

import pytest
from report_records import BEGIN, a_job, metrics

from interfaces.reports.usage import JOINT_BINS, MOST_POINTS, curves, joint_curves, usage_chart, usage_rows

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return [one.text or "" for one in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_percent_become_cores_and_bytes():
    job = a_job(runtime_metrics=metrics(CPUUtilization=[50, 250], MemoryUtilization=[25, 50]), requires_memory_gb=2)
    cpu, memory = curves(job)
    assert (cpu.highest, cpu.mean, cpu.times_s) == (2.5, 1.5, (0, 1))
    assert (memory.highest, memory.limit) == (2**30, 2 * 2**30)
    assert ["Memory", "768 MB", "1 GB", "2 GB"] in usage_rows(job)
    assert ["Container ran", "", "5.00 s", "60 s"] in usage_rows(job)


@pytest.mark.parametrize(
    "percent", [{}, {"CPUUtilization": [50]}, {"GPUUtilization": []}, {"Unheard": [1, 2]}, {"DiskUtilization": [0, 0]}]
)
def test_without_two_samples_of_anything_there_is_no_picture(percent):
    assert usage_chart([a_job(runtime_metrics=metrics(**percent))]) == ""


def test_a_picture_has_a_panel_for_each_metric_with_units_and_stays_in_its_frame():
    percent = {
        "CPUUtilization": [0, 399.5],
        "MemoryUtilization": [1, 100],
        "GPUUtilization": [3, 97],
        "GPUMemoryUtilization": [3, 60],
        "DiskUtilization": [1, 2],
    }
    svg = usage_chart([a_job(runtime_metrics=metrics(**percent))])
    root = ElementTree.fromstring(svg)
    height = float(root.attrib["height"])
    shown = texts(svg)
    for title in ("CPU (cores)", "Memory: highest 1 GB of 1 GB", "GPU: highest 97 %", "GPU memory", "Disk"):
        assert any(text.startswith(title) for text in shown), shown
    assert {"time (s)", "100 %", "1 GB"} <= set(shown)
    places = [float(one.attrib["y"]) for one in root.iter(f"{SVG}text")]
    assert 0 < min(places) <= max(places) < height
    assert len(root.findall(f"{SVG}polyline")) == 5
    assert len(root.findall(f"{SVG}line[@stroke-dasharray]")) == 1  # the limit, which memory reached


def test_a_day_of_samples_is_a_small_picture_that_keeps_the_peak():
    values = [1.0] * 86_400
    values[40_000] = 390.0
    svg = usage_chart([a_job(runtime_metrics=metrics(CPUUtilization=values))])
    line = ElementTree.fromstring(svg).find(f"{SVG}polyline")
    assert line is not None
    assert len(line.attrib["points"].split()) <= MOST_POINTS
    assert len(svg) < 16_000
    assert "CPU (cores): highest 3.9, mean 0.01" in texts(svg)
    assert "time (h)" in texts(svg)


def test_several_jobs_add_up_over_time():
    first = a_job(took_s=10, cpu_seconds=10, peak_memory_bytes=2**29)  # 1 core from 2 to 12 s
    second = a_job(start_s=7, took_s=10, cpu_seconds=20, peak_memory_bytes=2**28)  # 2 cores from 7 to 17 s
    cpu, memory = joint_curves([first, second])
    span = 15
    assert sum(cpu.values) * span / JOINT_BINS == pytest.approx(30, rel=0.01)
    assert cpu.highest == pytest.approx(3, rel=0.01)
    assert memory.highest == pytest.approx(2**29 + 2**28, rel=0.01)
    assert cpu.values[-1] == pytest.approx(2, rel=0.01)


def test_samples_of_a_job_count_where_they_were_taken():
    job = a_job(took_s=4, runtime_metrics=metrics(CPUUtilization=[0, 100, 0, 0], MemoryUtilization=[0, 0, 50, 0]))
    cpu, memory = joint_curves([job, a_job(took_s=4, cpu_seconds=0, peak_memory_bytes=0)])
    assert cpu.values.index(cpu.highest) == pytest.approx(JOINT_BINS / 4, abs=1)
    assert memory.values.index(memory.highest) == pytest.approx(JOINT_BINS / 2, abs=1)


def test_jobs_that_never_ran_have_no_picture():
    never = a_job(started_at=None, completed_at=BEGIN + timedelta(seconds=1))
    assert usage_chart([never, never]) == ""
    assert "<svg" in usage_chart([never, a_job(took_s=0), a_job()])
