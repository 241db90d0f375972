"""When the parts of a run waited and ran, as a picture: one line each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from interfaces.job_status import JobStatus
from interfaces.reports import svg
from interfaces.reports.record import Step
from interfaces.reports.words import seconds_text

WIDTH, _ROW = 760, 22
_LABEL, _RIGHT, _TOP = 190, 74, 40
_WAITING = "#cbd2d9"
_COLOURS = {JobStatus.SUCCESS: svg.GREEN, JobStatus.FAILURE: svg.RED}

MOST_ROWS = 60
"""Lines of a picture; of more parts, those that failed and the longest."""


def timeline(steps: Sequence[Step], *, most: int = MOST_ROWS) -> str:
    """The parts that ran, by their beginning, as SVG; "" where none did.

    Args:
        steps: The parts of a run.
        most: Lines at most.
    """
    ran = [
        step for step in steps if not step.is_reused and step.started_at is not None and step.completed_at is not None
    ]
    if not ran:
        return ""
    longest = sorted(ran, key=lambda step: (not step.is_failure, -(step.duration_s or 0)))[:most]
    shown = sorted(longest, key=_asked)
    begin = min(_asked(step) for step in shown)
    span = max((step.completed_at - begin).total_seconds() for step in shown if step.completed_at is not None) or 0.001
    times, unit, name = svg.time_ticks(span)
    bottom = _TOP + _ROW * len(shown)
    parts = _legend(shown)
    for time in times:
        x = _x(time, span)
        parts.append(svg.line(x, _TOP - 6, x, bottom + 2))
        parts.append(svg.text(x, bottom + 17, f"{time / unit:g}", size=11, anchor="middle", fill=svg.FAINT))
    parts.append(svg.text(_LABEL - 22, bottom + 17, f"time ({name})", size=11, anchor="end", fill=svg.FAINT))
    for row, step in enumerate(shown):
        parts += _bar(step, begin, span, _TOP + _ROW * row)
    if len(ran) > len(shown):
        words = f"{len(shown)} of {len(ran)} are shown: those that failed, and the longest"
        parts.append(svg.text(10, bottom + 36, words, size=11, fill=svg.FAINT))
        bottom += 18
    return svg.picture(WIDTH, bottom + 28, parts, label=f"When {len(shown)} parts of the run waited and ran")


def _asked(step: Step) -> datetime:
    """When it was asked for: from then on it waited."""
    assert step.started_at is not None  # only those that ran are drawn
    return min(step.job.created, step.started_at) if step.job is not None else step.started_at


def _x(seconds: float, span: float) -> float:
    return _LABEL + (WIDTH - _LABEL - _RIGHT) * seconds / span


def _bar(step: Step, begin: datetime, span: float, top: float) -> list[str]:
    assert step.started_at is not None and step.completed_at is not None  # only those that ran are drawn
    asked, start, end = ((time - begin).total_seconds() for time in (_asked(step), step.started_at, step.completed_at))
    y, height, middle = top + 4, _ROW - 8, top + _ROW / 2 + 4
    colour = _COLOURS.get(step.status, svg.GREY)
    waited, ran = seconds_text(start - asked), seconds_text(end - start)
    parts = [svg.text(_LABEL - 10, middle, svg.fitting(step.name, _LABEL - 20), anchor="end")]
    if start > asked:
        parts.append(svg.box(_x(asked, span), y + 4, _x(start, span) - _x(asked, span), height - 8, fill=_WAITING))
    tip = f"{step.name}: {step.status.label}, waited {waited}, took {ran}"
    parts.append(svg.box(_x(start, span), y, _x(end, span) - _x(start, span), height, fill=colour, tip=tip))
    parts.append(svg.text(_x(end, span) + 6, middle, ran, size=11, fill=svg.FAINT))
    return parts


def _legend(shown: Sequence[Step]) -> list[str]:
    entries = [("waited", _WAITING)] if any(step.job is not None for step in shown) else []
    entries += [
        (status.label.lower(), colour)
        for status, colour in (
            (JobStatus.SUCCESS, svg.GREEN),
            (JobStatus.FAILURE, svg.RED),
            (JobStatus.CANCELLED, svg.GREY),
        )
        if any(step.status is status for step in shown)
    ]
    parts, x = [], float(_LABEL)
    for words, colour in entries:
        parts += [svg.box(x, 11, 12, 10, fill=colour), svg.text(x + 18, 20, words, size=11, fill=svg.FAINT)]
        x += 18 + 11 * svg.CHARACTER_PX * len(words) + 20
    return parts
