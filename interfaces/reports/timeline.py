"""When the parts of a run waited and ran, as a picture: one line each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from interfaces.job_status import JobStatus
from interfaces.previews.texts import clean_text
from interfaces.reports import svg
from interfaces.reports.record import Step
from interfaces.reports.words import seconds_text

WIDTH, _ROW = 760, 22
_MOST_LABEL, _RIGHT, _TOP, _SIZE = 190, 74, 40, 12
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
    shown = sorted(longest, key=lambda step: (_asked(step), step.started_at))
    begin = min(_asked(step) for step in shown)
    span = max((step.completed_at - begin).total_seconds() for step in shown if step.completed_at is not None) or 0.001
    times, unit, name = svg.time_ticks(span)
    bottom = _TOP + _ROW * len(shown)
    scale = _Scale(left=_label_px(shown), begin=begin, span_s=span)
    parts = _legend(shown, scale.left)
    for time in times:
        x = scale.x(time)
        parts.append(svg.line(x, _TOP - 6, x, bottom + 2))
        parts.append(svg.text(x, bottom + 17, f"{time / unit:g}", size=11, anchor="middle", fill=svg.FAINT))
    parts.append(svg.text(scale.left - 22, bottom + 17, f"time ({name})", size=11, anchor="end", fill=svg.FAINT))
    for row, step in enumerate(shown):
        parts += _bar(step, scale, _TOP + _ROW * row)
    if len(ran) > len(shown):
        words = f"{len(shown)} of {len(ran)} are shown: those that failed, and the longest"
        parts.append(svg.text(10, bottom + 36, words, size=11, fill=svg.FAINT))
        bottom += 18
    return svg.picture(WIDTH, bottom + 28, parts, label=f"When {len(shown)} parts of the run waited and ran")


def _asked(step: Step) -> datetime:
    """When it was asked for: from then on it waited."""
    assert step.started_at is not None  # only those that ran are drawn
    return min(step.job.created, step.started_at) if step.job is not None else step.started_at


def _label_px(shown: Sequence[Step]) -> float:
    """Room for the names: what the longest needs, within bounds."""
    longest = max(len(clean_text(step.name)) for step in shown)
    return min(max(longest * svg.CHARACTER_PX * _SIZE, 60) + 24, _MOST_LABEL)


@dataclass(frozen=True, kw_only=True)
class _Scale:
    left: float
    begin: datetime
    span_s: float

    def x(self, seconds: float) -> float:
        return self.left + (WIDTH - self.left - _RIGHT) * seconds / self.span_s

    def at(self, moment: datetime) -> float:
        return self.x((moment - self.begin).total_seconds())


def _bar(step: Step, scale: _Scale, top: float) -> list[str]:
    assert step.started_at is not None and step.completed_at is not None  # only those that ran are drawn
    waited_s = (step.started_at - _asked(step)).total_seconds()
    asked, start, end = scale.at(_asked(step)), scale.at(step.started_at), scale.at(step.completed_at)
    y, height, middle = top + 4, _ROW - 8, top + _ROW / 2 + 4
    ran = seconds_text(step.duration_s)
    name = svg.fitting(step.name, scale.left - 20, _SIZE)
    parts = [svg.text(scale.left - 10, middle, name, size=_SIZE, anchor="end")]
    if waited_s > 0:
        parts.append(svg.box(asked, y + 4, start - asked, height - 8, fill=_WAITING))
    tip = f"{step.name}: {step.status.label}, waited {seconds_text(waited_s)}, took {ran}"
    parts.append(svg.box(start, y, end - start, height, fill=_COLOURS.get(step.status, svg.GREY), tip=tip))
    parts.append(svg.text(end + 6, middle, ran, size=11, fill=svg.FAINT))
    return parts


def _legend(shown: Sequence[Step], left: float) -> list[str]:
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
    parts, x = [], left
    for words, colour in entries:
        parts += [svg.box(x, 11, 12, 10, fill=colour), svg.text(x + 18, 20, words, size=11, fill=svg.FAINT)]
        x += 18 + 11 * svg.CHARACTER_PX * len(words) + 20
    return parts
