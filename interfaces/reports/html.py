"""A report as one HTML file that holds everything it shows: no script, and no request to anywhere.

Templates are filled with autoescape on; besides it, every text loses what drives a terminal or turns the reading
direction. What is put in unescaped is made here or by `interfaces.previews` and `interfaces.reports.svg`, which escape.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from interfaces.graph_values import Carried, one_by_one
from interfaces.job_status import JobStatus
from interfaces.jobs import ComponentJob
from interfaces.previews.texts import clean_text
from interfaces.reports.building import job_facts, totals
from interfaces.reports.gallery import Gallery, backdrop_of, is_inline, value_line
from interfaces.reports.record import Links, RunReport, Step
from interfaces.reports.timeline import timeline
from interfaces.reports.usage import usage_chart, usage_rows
from interfaces.reports.words import bytes_text, code_text, digest_text, duration_text, seconds_text, time_text

MOST_VALUES = 200
MOST_FAILURES = 50
MOST_BARS = 200
MOST_TEXT = 2_000
_LAST_LINES = 100
_OPEN = 5
"""Parts that failed and are unfolded from the start."""

_NO_UI = Links()


def run_page(report: RunReport, gallery: Gallery, links: Links = _NO_UI, *, now: datetime | None = None) -> str:
    """A run as a page.

    Args:
        report: The run.
        gallery: Makes the previews.
        links: Where the Prefect UI has what the page names; these are the only addresses on it.
        now: When the page is written; this moment unless given.
    """
    numbered = [] if report.job is not None else list(enumerate(report.failures_first))
    failures = [_Failure.of(number, step) for number, step in numbered if step.is_failure]
    over = backdrop_of({**report.inputs, **report.outputs})
    outputs = _values(report.outputs, gallery, over, links)
    inputs = _values(report.inputs, gallery, None, links)
    steps = [_part(number, step, gallery, links) for number, step in numbered]
    return rendered(
        "run.html.j2",
        now=now,
        title=report.heading,
        report=report,
        kind=f"{report.kind.capitalize()} {report.id}",
        began=time_text(report.started_at),
        links=links,
        tiles=_tiles(report),
        verdict=_verdict(report.job),
        failures=failures[:MOST_FAILURES],
        more_failures=max(0, len(failures) - MOST_FAILURES),
        outputs=outputs,
        inputs=inputs,
        timeline=Markup(timeline(report.steps, most=MOST_BARS) if report.job is None else ""),
        usage=Markup(usage_chart(report.jobs) if report.jobs else ""),
        usage_rows=usage_rows(report.job) if report.job is not None else [],
        steps=steps,
        images=_images(report),
        logs=_logs(report.job),
        left_out=", ".join(dict.fromkeys(gallery.left_out)),
    )


def rendered(template: str, *, now: datetime | None = None, **given: Any) -> str:
    """A filled template; each text in it is escaped."""
    written = time_text(now or datetime.now(UTC))
    return _environment().get_template(template).render(written=written, **given)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_clean,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _clean(value: Any) -> Any:
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return clean_text(value, most=MOST_TEXT)


def _lines(text: str) -> Markup:
    """The last lines of a text, as they are and harmless."""
    some = "\n".join(line[:500] for line in text.splitlines()[-_LAST_LINES:])
    return Markup.escape(clean_text(some, keep_lines=True))


@dataclass(frozen=True, kw_only=True)
class _Failure:
    number: int
    name: str
    status: str
    message: str
    advice: str

    @classmethod
    def of(cls, number: int, step: Step) -> _Failure:
        return cls(number=number, name=step.name, status=step.status.label, message=step.message, advice=step.advice)


@dataclass(frozen=True, kw_only=True)
class _Value:
    name: str
    kind: str
    content: str
    sha256: str
    digest: str
    pk: str
    address: str


@dataclass(frozen=True, kw_only=True)
class _Shown:
    name: str
    html: Markup
    is_picture: bool


@dataclass(kw_only=True)
class _Values:
    """Values in a table, and their previews; `rows` and not `values`, which Jinja would take for a method."""

    rows: list[_Value] = field(default_factory=list)
    previews: list[_Shown] = field(default_factory=list)
    more: int = 0


@dataclass(frozen=True, kw_only=True)
class _Part:
    number: int
    name: str
    status: str
    message: str
    advice: str
    line: str
    address: str
    is_open: bool
    facts: Sequence[tuple[str, str]]
    inputs: _Values
    outputs: _Values
    logs: Sequence[tuple[str, Markup]]


def _part(number: int, step: Step, gallery: Gallery, links: Links) -> _Part:
    job = step.job
    told = [job.component if job is not None else "", seconds_text(step.duration_s) if step.duration_s else ""]
    if job is not None and job.peak_memory_bytes is not None:
        told.append(bytes_text(job.peak_memory_bytes))
    over = backdrop_of({**job.inputs, **job.outputs}) if job is not None else None
    return _Part(
        number=number,
        name=step.name,
        status=step.status.label,
        message=step.message,
        advice=step.advice,
        line=", ".join([*(one for one in told if one), *(["an earlier job"] if step.is_reused else [])]),
        address=links.run(step.flow_run_id),
        is_open=step.is_failure and number < _OPEN,
        facts=job_facts(job) if job is not None else (),
        inputs=_values(job.inputs, None, None, links) if job is not None else _Values(),
        outputs=_values(job.outputs, gallery, over, links) if job is not None else _Values(),
        logs=_logs(job) if step.is_failure else (),
    )


def _values(values: Mapping[str, Carried], gallery: Gallery | None, over: Any, links: Links) -> _Values:
    singles = one_by_one(values)
    shown = _Values(more=max(0, len(singles) - MOST_VALUES))
    for name, value in list(singles.items())[:MOST_VALUES]:
        shown.rows.append(
            _Value(
                name=name,
                kind=value.interface.kind.label,
                content=value_line(value),
                sha256=value.sha256,
                digest=digest_text(value.sha256),
                pk=str(value.pk),
                address=links.run(links.origins.get(value.pk)),
            )
        )
        if gallery is None or is_inline(value) or value.pk in gallery.shown:
            continue
        if (made := gallery.show(name, value, over=over if over != value else None)) is not None:
            shown.previews.append(_Shown(name=name, html=Markup(made.as_html()), is_picture=made.is_picture))
    return shown


def _tiles(report: RunReport) -> list[tuple[str, str]]:
    job = report.job
    tiles = [("Took", duration_text(report.duration))] if report.duration is not None else []
    if job is None:
        succeeded = sum(not step.is_failure for step in report.steps)
        tiles += (
            [(f"{report.part.capitalize()}s that succeeded", f"{succeeded} of {len(report.steps)}")]
            if report.steps
            else []
        )
        return [*tiles, *((name, text) for name, text in totals(report.jobs) if text)]
    if job.peak_memory_bytes is not None:
        tiles.append((f"Peak memory, of {job.requires_memory_gb:g} GB", bytes_text(job.peak_memory_bytes)))
    if job.cpu_seconds is not None:
        tiles.append(("CPU time", seconds_text(job.cpu_seconds)))
    if job.exec_duration_s is not None:
        tiles.append((f"Container ran, of {seconds_text(job.time_limit)}", seconds_text(job.exec_duration_s)))
    return tiles


def _verdict(job: ComponentJob | None) -> list[tuple[str, str]]:
    if job is None or job.verdict is None:
        return []
    facts = [("What went wrong", code_text(str(job.verdict.get("kind", ""))))]
    if job.status is JobStatus.SUCCESS:
        facts = [("Warning", str(job.verdict.get("message", "")))]
    advice = str(job.verdict.get("advice") or "")
    return [*facts, *([("Try this first", advice)] if advice else []), *job.detailed_error_message.items()]


def _images(report: RunReport) -> list[tuple[Any, ...]]:
    images = [(step.job.component, step.job.image) for step in report.steps if step.job is not None]
    counted = Counter((component, image.sha256, image.source) for component, image in images)
    return [
        (component, Markup("<code>{}</code>").format(sha256), source, str(count))
        for (component, sha256, source), count in sorted(counted.items())
    ]


def _logs(job: ComponentJob | None) -> list[tuple[str, Markup]]:
    streams = (("stderr", job.stderr), ("stdout", job.stdout)) if job is not None else ()
    return [(name, _lines(text)) for name, text in streams if text.strip()]
