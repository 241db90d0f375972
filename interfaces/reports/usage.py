"""What a job used of its machine over time: as figures, and as a picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from interfaces.reports import svg
from interfaces.reports.words import GB, bytes_text

if TYPE_CHECKING:
    from interfaces.jobs import ComponentJob

WIDTH, PANEL, GAP = 760, 84, 34
_LEFT, _RIGHT, _TOP, _BOTTOM = 84, 24, 8, 32
MOST_POINTS = 240
"""Points of a curve; of more, the highest of some neighbours are drawn."""


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One metric over time.

    Attributes:
        title: What it is, for people.
        times_s: Seconds from the first sample of the job.
        values: In the metric's unit.
        colour: Of the curve.
        number: Writes a value with its unit.
        limit: What it can't go above, or None.
    """

    title: str
    times_s: tuple[float, ...]
    values: tuple[float, ...]
    colour: str
    number: Callable[[float], str]
    limit: float | None = None

    @property
    def is_drawn(self) -> bool:
        """Whether there is something to see: what was allowed of the disk or a GPU is seldom touched."""
        return self.number is not _percent or self.highest >= 1

    @property
    def highest(self) -> float:
        """The highest value."""
        return max(self.values)

    @property
    def mean(self) -> float:
        """The mean of the values."""
        return sum(self.values) / len(self.values)


def _cores(value: float) -> str:
    return f"{value:.3g}"


def _percent(value: float) -> str:
    return f"{value:.3g} %"


def curves(job: ComponentJob) -> list[Curve]:
    """The metrics of a job that were sampled, each with at least two samples."""
    sampled: dict[str, tuple[list[datetime], list[float]]] = {}
    for metric in job.runtime_metrics.get("metrics") or ():
        times, values = metric.get("timestamps") or [], metric.get("values") or []
        if len(times) == len(values) >= 2:
            sampled[str(metric.get("label"))] = [datetime.fromisoformat(time) for time in times], values
    if not sampled:
        return []
    begin = min(times[0] for times, _ in sampled.values())
    limit_bytes = job.requires_memory_gb * GB
    forms: dict[str, tuple[str, str, float, Callable[[float], str], float | None]] = {
        "CPUUtilization": ("CPU (cores)", svg.BLUE, 0.01, _cores, None),
        "MemoryUtilization": ("Memory", svg.GREEN, limit_bytes / 100, bytes_text, limit_bytes),
        "GPUUtilization": ("GPU", svg.PURPLE, 1, _percent, None),
        "GPUMemoryUtilization": ("GPU memory", svg.AMBER, 1, _percent, None),
        "DiskUtilization": ("Disk (of what is allowed)", svg.GREY, 1, _percent, None),
    }
    found = []
    for label, (title, colour, factor, number, limit) in forms.items():
        if label not in sampled:
            continue
        times, values = sampled[label]
        seconds = tuple((time - begin).total_seconds() for time in times)
        scaled = tuple(value * factor for value in values)
        found.append(Curve(title=title, times_s=seconds, values=scaled, colour=colour, number=number, limit=limit))
    return found


def usage_rows(job: ComponentJob) -> list[list[str]]:
    """Metric, mean, highest and allowed, a row a metric; then the kernel's exact totals."""
    rows = [
        [one.title, one.number(one.mean), one.number(one.highest), one.number(one.limit) if one.limit else ""]
        for one in curves(job)
    ]
    totals: Mapping[str, Any] = job.runtime_metrics.get("totals") or {}
    exact: list[list[str]] = []
    if job.peak_memory_bytes is not None:
        exact.append(
            ["Peak memory, with file pages", "", bytes_text(job.peak_memory_bytes), f"{job.requires_memory_gb:g} GB"]
        )
    if (working := totals.get("peak_working_set_bytes")) is not None:
        exact.append(["Peak memory, without them", "", bytes_text(working), ""])
    if job.cpu_seconds is not None:
        busy = f"{job.cpu_seconds / job.exec_duration_s:.2f} cores" if job.exec_duration_s else ""
        exact.append(["CPU time", busy, f"{job.cpu_seconds:.2f} s", ""])
    if job.exec_duration_s is not None:
        exact.append(["Container ran", "", f"{job.exec_duration_s:.2f} s", f"{job.time_limit} s"])
    if totals.get("oom_events"):
        exact.append(["Processes ended for want of memory", "", f"{totals['oom_events']}", ""])
    return rows + exact


def usage_chart(jobs: Sequence[ComponentJob]) -> str:
    """A panel for each metric over time, as SVG; "" where nothing was sampled.

    Args:
        jobs: One job: what it used; several: what they used together.
    """
    found = [one for one in (curves(jobs[0]) if len(jobs) == 1 else joint_curves(jobs)) if one.is_drawn]
    if not found:
        return ""
    span = max(one.times_s[-1] for one in found) or 1.0
    times, unit, name = svg.time_ticks(span)
    parts: list[str] = []
    top = _TOP
    for one in found:
        parts += _panel(one, top + 22, span, times)
        top += 22 + PANEL + GAP - 22
    bottom = top - GAP + 22
    for time in times:
        x = _x(time, span)
        parts.append(svg.text(x, bottom + 20, f"{time / unit:g}", size=11, anchor="middle", fill=svg.FAINT))
    parts.append(svg.text(_LEFT - 22, bottom + 20, f"time ({name})", size=11, anchor="end", fill=svg.FAINT))
    label = "; ".join(f"{one.title}: highest {one.number(one.highest)}" for one in found)
    return svg.picture(WIDTH, bottom + _BOTTOM, parts, label=f"Use over time. {label}")


JOINT_BINS = 200


def joint_curves(jobs: Sequence[ComponentJob]) -> list[Curve]:
    """What several jobs used together, over the time from the first one's start.

    A job that was too short to be sampled counts with its mean processor time and its peak memory.
    """
    ran = [job for job in jobs if job.started_at is not None and job.completed_at is not None]
    if not ran:
        return []
    begin = min(job.started_at for job in ran if job.started_at is not None)
    span = max((job.completed_at - begin).total_seconds() for job in ran if job.completed_at is not None) or 0.001
    cores, memory = [0.0] * JOINT_BINS, [0.0] * JOINT_BINS
    for job in ran:
        for start, end, value in _spans(job, begin, "CPUUtilization"):
            _add(cores, start / span, end / span, value / 100)
        own = [0.0] * JOINT_BINS
        for start, end, value in _spans(job, begin, "MemoryUtilization"):
            first, last = _bins(start / span, end / span)
            for place in range(first, last + 1):
                own[place] = max(own[place], value * job.requires_memory_gb * GB / 100)
        memory = [one + other for one, other in zip(memory, own, strict=True)]
    times = tuple(span * (place + 0.5) / JOINT_BINS for place in range(JOINT_BINS))
    return [
        Curve(title="CPU of all jobs (cores)", times_s=times, values=tuple(cores), colour=svg.BLUE, number=_cores),
        Curve(title="Memory of all jobs", times_s=times, values=tuple(memory), colour=svg.GREEN, number=bytes_text),
    ]


def _spans(job: ComponentJob, begin: datetime, label: str) -> list[tuple[float, float, float]]:
    """From when to when, in seconds from `begin`, a job used how much of something, in percent."""
    assert job.started_at is not None and job.completed_at is not None  # only those that ran are asked for
    start = (job.started_at - begin).total_seconds()
    metric: dict[str, Any] = next(
        (one for one in job.runtime_metrics.get("metrics") or () if one.get("label") == label), {}
    )
    times, values = metric.get("timestamps") or [], metric.get("values") or []
    if times and len(times) == len(values):
        ends = [(datetime.fromisoformat(time) - begin).total_seconds() for time in times]
        return list(zip([start, *ends[:-1]], ends, values, strict=True))
    end = (job.completed_at - begin).total_seconds()
    if label == "CPUUtilization":
        return [(start, end, 100 * (job.cpu_seconds or 0.0) / (end - start))] if end > start else []
    return [(start, end, 100 * (job.peak_memory_bytes or 0) / (job.requires_memory_gb * GB))]


def _bins(start: float, end: float) -> tuple[int, int]:
    first = min(max(int(start * JOINT_BINS), 0), JOINT_BINS - 1)
    return first, min(max(int(end * JOINT_BINS), first), JOINT_BINS - 1)


def _add(bins: list[float], start: float, end: float, value: float) -> None:
    """Add a value to the bins, to each as far as it is covered."""
    first, last = _bins(start, end)
    for place in range(first, last + 1):
        covered = min(end * JOINT_BINS, place + 1) - max(start * JOINT_BINS, place)
        bins[place] += value * min(max(covered, 0.0), 1.0)


def _x(time: float, span: float) -> float:
    return _LEFT + (WIDTH - _LEFT - _RIGHT) * time / span


def _panel(one: Curve, top: float, span: float, times: Sequence[float]) -> list[str]:
    unit, name = _unit(one)
    levels = [level * unit for level in svg.ticks(one.highest / unit, most=3)]
    highest = levels[-1]
    bottom = top + PANEL
    allowed = f" of {one.number(one.limit)}" if one.limit else ""
    title = f"{one.title}: highest {one.number(one.highest)}{allowed}, mean {one.number(one.mean)}"
    parts = [svg.text(_LEFT, top - 7, title, size=12, bold=True)]
    for level in levels:
        y = bottom - PANEL * level / highest
        parts.append(svg.line(_LEFT, y, WIDTH - _RIGHT, y))
        parts.append(svg.text(_LEFT - 8, y + 4, f"{level / unit:g}{name}", size=11, anchor="end", fill=svg.FAINT))
    parts += [svg.line(_x(time, span), bottom, _x(time, span), bottom + 4, stroke=svg.GREY) for time in times]
    points = [(_x(time, span), bottom - PANEL * value / highest) for time, value in _thinned(one)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    area = f"{points[0][0]:.1f},{bottom:.1f} {path} {points[-1][0]:.1f},{bottom:.1f}"
    parts.append(f'<polygon points="{area}" fill="{one.colour}" fill-opacity="0.14"/>')
    parts.append(
        f'<polyline points="{path}" fill="none" stroke="{one.colour}" stroke-width="1.6" stroke-linejoin="round"/>'
    )
    if one.limit and one.limit <= highest:
        y = bottom - PANEL * one.limit / highest
        parts.append(svg.line(_LEFT, y, WIDTH - _RIGHT, y, stroke=svg.RED, width=1.2, dashes="5 4"))
    return parts


def _unit(one: Curve) -> tuple[float, str]:
    if one.number is not bytes_text:
        return 1.0, " %" if one.number is _percent else ""
    return next(
        (size, name)
        for size, name in ((GB, " GB"), (2**20, " MB"), (2**10, " kB"), (1, " B"))
        if one.highest >= size or size == 1
    )


def _thinned(one: Curve) -> list[tuple[float, float]]:
    pairs = list(zip(one.times_s, one.values, strict=True))
    size = math.ceil(len(pairs) / MOST_POINTS)
    if size == 1:
        return pairs
    return [max(pairs[start : start + size], key=lambda pair: pair[1]) for start in range(0, len(pairs), size)]
