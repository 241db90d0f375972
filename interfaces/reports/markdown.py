"""A report as Markdown, for an artifact in Prefect's UI.

Every text of a run goes through `_plain`, which leaves nothing in it that Markdown or HTML obeys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from interfaces.component_images import ComponentImage
from interfaces.graph_values import Carried, one_by_one
from interfaces.job_status import JobStatus
from interfaces.previews.texts import clean_text, markdown_code, markdown_text
from interfaces.reports import svg
from interfaces.reports.gallery import Gallery, backdrop_of, is_inline, value_line
from interfaces.reports.record import Links, RunReport, Step
from interfaces.reports.timeline import timeline
from interfaces.reports.usage import usage_chart, usage_rows
from interfaces.reports.words import bytes_text, code_text, digest_text, duration_text, seconds_text, time_text

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
    parts += ["## Details", _table(["", ""], [[_plain(name), _plain(text)] for name, text in report.facts])]
    parts += _last_words(report)
    return "\n\n".join(part for part in parts if part) + "\n"


def image_key(component: str, sha256: str) -> str:
    """The key of the artifact that is the page of an image version."""
    return f"image-{component}-{digest_text(sha256)}"


def image_page(image: ComponentImage) -> str:
    """What is known of a version of a container image."""
    facts = [
        ("Component", image.component),
        ("Image", image.sha256),
        ("From", image.source),
        ("Size", bytes_text(image.size)),
        ("User", image.user),
        ("In the registry", image.registry_reference),
        ("Registered", time_text(image.created)),
        ("New jobs", "use it" if image.is_desired_version else "use another version"),
    ]
    rows = [[_plain(name), _plain(text)] for name, text in facts if text]
    commands = f"component-flows images {image.component}\ncomponent-flows stats {image.component}"
    return f"{_table(['', ''], rows)}\n\nIts other versions, and how its jobs went:\n\n{markdown_code(commands)}\n"


def _plain(text: str, most: int = 1024) -> str:
    return markdown_text(clean_text(text, most=most))


def _headline(report: RunReport, links: Links) -> Iterator[str]:
    job = report.job
    told = [f"**{report.status.label}**: {_plain(report.heading)}"]
    if report.duration is not None:
        told.append(f"took {duration_text(report.duration)}")
    if job is not None and job.peak_memory_bytes is not None:
        told.append(f"peak memory {bytes_text(job.peak_memory_bytes)}")
    yield ", ".join(told)
    around = [("this run", links.run(report.flow_run_id)), ("the run that it is a part of", links.run(links.around))]
    if job is not None:
        around.append(("its container image", links.artifact(image_key(job.component, job.image.sha256))))
    yield " · ".join(_link(words, address) for words, address in around if address)


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
    lines = [f"- What went wrong: {_plain(kind)}", *([f"- Try this first: {_plain(advice)}"] if advice else [])]
    yield "\n".join(
        [*lines, *(f"- {_plain(name, 100)}: {_plain(why)}" for name, why in job.detailed_error_message.items())]
    )


def _quote(text: str) -> str:
    plain = _plain(text).strip()
    return f"> **{plain}**" if plain else ""  # four asterisks would be a line across the page


def _link(words: str, address: str) -> str:
    return f"[{words}]({address})" if address else words


def _failures(report: RunReport, links: Links) -> Iterator[str]:
    """Those parts that failed, before everything else."""
    if report.job is not None or not report.failures:
        return
    yield "## What failed"
    rows = [
        [
            _link(_plain(step.name, 100), links.run(step.flow_run_id)),
            step.status.label,
            _plain(step.message, 300),
            _plain(step.advice, 300),
        ]
        for step in report.failures[:MOST_FAILURES]
    ]
    yield _table([report.part, "state", "what went wrong", "try this first"], rows)
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
                yield f"### {_plain(name, 100)}"
            yield made.as_markdown()
    if gallery.left_out:
        names = ", ".join(_plain(name, 100) for name in gallery.left_out[:MOST_FAILURES])
        more = f" and {len(gallery.left_out) - MOST_FAILURES} more" if len(gallery.left_out) > MOST_FAILURES else ""
        yield f"Not shown here for want of room or time: {names}{more}. `component-flows report` shows them."


def _values(values: Mapping[str, Carried], links: Links) -> str:
    singles = one_by_one(values)
    rows = [
        [
            _plain(name, 100),
            _plain(value.interface.kind.label),
            _link(f"{value.pk}", links.run(links.origins.get(value.pk))),
            digest_text(value.sha256),
            _plain(value_line(value), 300),  # last, since what is long pushes what follows out of sight
        ]
        for name, value in list(singles.items())[:MOST_ROWS]
    ]
    more = f"\n\nAnd {len(singles) - MOST_ROWS:,} more." if len(singles) > MOST_ROWS else ""
    return _table(["name", "kind", "value", "SHA-256", "content"], rows) + more


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
        yield _table(["", "mean", "highest", "allowed"], [[_plain(cell) for cell in row] for row in rows])


def _steps(report: RunReport, links: Links) -> Iterator[str]:
    if report.job is not None or not (report.steps or report.omitted):
        return
    yield f"## {report.part.capitalize()}s"
    steps = report.failures_first
    if steps:
        header = [report.part, "component", "state", "took", "peak memory", "image"]
        yield _table(header, [_step_row(step, links) for step in steps[:MOST_ROWS]])
    if (more := len(steps[MOST_ROWS:]) + report.omitted) > 0:
        yield f"And {more:,} more."


def _step_row(step: Step, links: Links) -> list[str]:
    job = step.job
    image = (
        _link(digest_text(job.image.sha256), links.artifact(image_key(job.component, job.image.sha256))) if job else ""
    )
    return [
        _link(_plain(step.name, 100), links.run(step.flow_run_id)),
        _plain(job.component) if job is not None else "",
        step.status.label + (" before" if step.is_reused else ""),
        seconds_text(step.duration_s),
        bytes_text(job.peak_memory_bytes) if job is not None else "",
        image,
    ]


def _left_out(report: RunReport) -> Iterator[str]:
    if report.left_out:
        yield "## Not run"
        some = list(report.left_out.items())[:MOST_ROWS]
        yield _table(["node", "since"], [[_plain(name, 100), _plain(why, 300)] for name, why in some])
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


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of cells that are Markdown already."""
    lines = [list(header), ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell or " " for cell in row) + " |" for row in lines)
