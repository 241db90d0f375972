"""A report as Markdown, for an artifact in Prefect's UI.

Every text of a run goes through `plain`, which leaves nothing in it that Markdown or HTML obeys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from interfaces.graph_values import Carried, one_by_one
from interfaces.job_status import JobStatus
from interfaces.previews.texts import clean_text, markdown_code
from interfaces.reports import svg
from interfaces.reports.gallery import Gallery, backdrop_of, is_inline, value_line
from interfaces.reports.image_page import image_key
from interfaces.reports.markdown_parts import facts_table, link, plain, table
from interfaces.reports.record import Links, RunReport, Step
from interfaces.reports.timeline import timeline
from interfaces.reports.usage import usage_chart, usage_rows
from interfaces.reports.value_page import value_key
from interfaces.reports.words import bytes_text, code_text, digest_text, duration_text, seconds_text
from interfaces.value import ComponentInterfaceValue

MOST_ROWS = 200
"""Values, and parts of a run, that a page lists."""

MOST_FAILURES = 20
"""Failures that are told about at length."""

_LAST_LINES = 20


def page(report: RunReport, gallery: Gallery, links: Links) -> str:
    """A report as one page.

    Args:
        report: The run.
        gallery: Makes the previews.
        links: Where the UI has what the page names.
    """
    parts = [*_headline(report, links), *_problem(report), *_failures(report, links)]
    parts += [*_outputs(report, gallery, links), *_timeline(report), *_resources(report)]
    if report.inputs:
        parts += ["## Inputs", _values(report.inputs, links)]
    parts += [*_steps(report, links), *_left_out(report)]
    parts += ["## Details", facts_table(report.facts)]
    parts += _last_words(report)
    return "\n\n".join(part for part in parts if part) + "\n"


def _headline(report: RunReport, links: Links) -> Iterator[str]:
    job = report.job
    told = [f"**{report.status.label}**: {plain(report.heading)}"]
    if report.duration is not None:
        told.append(f"took {duration_text(report.duration)}")
    if job is not None and job.peak_memory_bytes is not None:
        told.append(f"peak memory {bytes_text(job.peak_memory_bytes)}")
    yield ", ".join(told)
    around = [("this run", links.run(report.flow_run_id)), ("the run that it is a part of", links.run(links.around))]
    if job is not None:
        around.append(("its container image", links.artifact(image_key(job.component, job.image.sha256))))
    yield " · ".join(link(words, address) for words, address in around if address)


def _problem(report: RunReport) -> Iterator[str]:
    job = report.job
    if report.message:
        yield _quote(report.message)
    verdict = job.verdict if job is not None else None
    if job is None or verdict is None:
        return
    kind = code_text(str(verdict.get("kind", "")))
    if report.status is JobStatus.SUCCESS:  # such as a process that was ended while the container succeeded
        yield _quote(str(verdict.get("message") or kind))
    advice = str(verdict.get("advice") or "")
    lines = [f"- What went wrong: {plain(kind)}", *([f"- Try this first: {plain(advice)}"] if advice else [])]
    yield "\n".join(
        [*lines, *(f"- {plain(name, 100)}: {plain(why)}" for name, why in job.detailed_error_message.items())]
    )


def _quote(text: str) -> str:
    quoted = plain(text).strip()
    return f"> **{quoted}**" if quoted else ""  # four asterisks would be a line across the page


def _failures(report: RunReport, links: Links) -> Iterator[str]:
    """Those parts that failed, before everything else."""
    if report.job is not None or not report.failures:
        return
    yield "## What failed"
    rows = [
        [
            link(plain(step.name, 100), links.run(step.flow_run_id)),
            step.status.label,
            plain(step.message, 300),
            plain(step.advice, 300),
        ]
        for step in report.failures[:MOST_FAILURES]
    ]
    yield table([report.part, "state", "what went wrong", "try this first"], rows)
    if (more := len(report.failures) - MOST_FAILURES) > 0:
        yield f"And {more:,} more, which are listed below."


def _outputs(report: RunReport, gallery: Gallery, links: Links) -> Iterator[str]:
    if not report.outputs:
        return
    yield "## Outputs"
    yield _values(report.outputs, links)
    over = backdrop_of({**report.inputs, **report.outputs})
    for name, value in list(one_by_one(report.outputs).items())[:MOST_ROWS]:
        if is_inline(value):
            continue
        if (made := gallery.show(name, value, over=over if over != value else None)) is not None:
            if made.is_picture:
                yield f"### {plain(name, 100)}"
            yield made.as_markdown()
    if gallery.left_out:
        names = ", ".join(plain(name, 100) for name in gallery.left_out[:MOST_FAILURES])
        more = f" and {len(gallery.left_out) - MOST_FAILURES} more" if len(gallery.left_out) > MOST_FAILURES else ""
        yield f"Not shown here for want of room or time: {names}{more}. `component-flows report` shows them."


def _values(values: Mapping[str, Carried], links: Links) -> str:
    singles = one_by_one(values)
    rows = [
        [
            plain(name, 100),
            plain(value.interface.kind.label),
            _value_links(value, links),
            digest_text(value.sha256),
            plain(value_line(value), 300),  # last, since what is long pushes what follows out of sight
        ]
        for name, value in list(singles.items())[:MOST_ROWS]
    ]
    more = f"\n\nAnd {len(singles) - MOST_ROWS:,} more." if len(singles) > MOST_ROWS else ""
    return table(["name", "kind", "value", "SHA-256", "content"], rows) + more


def _value_links(value: ComponentInterfaceValue, links: Links) -> str:
    """Its number, which leads to its own page, and the run that gave it; or, where it has no page, to that run."""
    own, run = links.artifact(value_key(value)), links.run(links.origins.get(value.pk))
    return f"{link(str(value.pk), own)} of {link('its run', run)}" if own and run else link(str(value.pk), own or run)


def _timeline(report: RunReport) -> Iterator[str]:
    if report.job is None and (chart := timeline(report.steps)):
        yield "## Timeline"
        yield f"![When the parts of the run waited and ran]({svg.data_url(chart)})"


def _resources(report: RunReport) -> Iterator[str]:
    chart = usage_chart(report.jobs) if report.jobs else ""
    rows = usage_rows(report.job) if report.job is not None else []
    if not chart and not rows:
        return
    yield "## Resources"
    if chart:
        yield f"![Use of the machine over time]({svg.data_url(chart)})"
    if rows:
        yield table(["", "mean", "highest", "allowed"], [[plain(cell) for cell in row] for row in rows])


def _steps(report: RunReport, links: Links) -> Iterator[str]:
    if report.job is not None or not (report.steps or report.omitted):
        return
    yield f"## {report.part.capitalize()}s"
    steps = report.failures_first
    if steps:
        header = [report.part, "component", "state", "took", "peak memory", "image"]
        yield table(header, [_step_row(step, links) for step in steps[:MOST_ROWS]])
    if (more := len(steps[MOST_ROWS:]) + report.omitted) > 0:
        yield f"And {more:,} more."


def _step_row(step: Step, links: Links) -> list[str]:
    job = step.job
    image = (
        link(digest_text(job.image.sha256), links.artifact(image_key(job.component, job.image.sha256))) if job else ""
    )
    return [
        link(plain(step.name, 100), links.run(step.flow_run_id)),
        plain(job.component) if job is not None else "",
        step.status.label + (" before" if step.is_reused else ""),
        seconds_text(step.duration_s),
        bytes_text(job.peak_memory_bytes) if job is not None else "",
        image,
    ]


def _left_out(report: RunReport) -> Iterator[str]:
    if report.left_out:
        yield "## Not run"
        some = list(report.left_out.items())[:MOST_ROWS]
        yield table(["node", "since"], [[plain(name, 100), plain(why, 300)] for name, why in some])
        if (more := len(report.left_out) - len(some)) > 0:
            yield f"And {more:,} more."


def _last_words(report: RunReport) -> Iterator[str]:
    job = report.job
    if job is None or report.status is JobStatus.SUCCESS:
        return
    for title, text in (("stderr", job.stderr), ("stdout", job.stdout)):
        if lines := text.splitlines()[-_LAST_LINES:]:
            yield f"## Last lines of {title}"
            yield markdown_code(clean_text("\n".join(line[:500] for line in lines), keep_lines=True))
