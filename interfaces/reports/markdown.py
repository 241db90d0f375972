"""A report as Markdown, for an artifact in Prefect's UI."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from interfaces.graph_values import Carried, one_by_one
from interfaces.job_status import JobStatus
from interfaces.previews.texts import clean_text, markdown_code, markdown_text
from interfaces.reports import svg
from interfaces.reports.gallery import Gallery, backdrop_of, is_inline, value_line
from interfaces.reports.record import Links, RunReport
from interfaces.reports.usage import usage_chart, usage_rows
from interfaces.reports.words import bytes_text, code_text, digest_text, duration_text

MOST_ROWS = 200
"""Values, and parts of a run, that a page lists."""

_LAST_LINES = 20


def page(report: RunReport, gallery: Gallery, links: Links) -> str:
    """A report as one page.

    Args:
        report: The run.
        gallery: Makes the previews.
        links: Where the UI has what the page names.
    """
    parts = [_headline(report, links)]
    parts += _problem(report)
    if report.outputs:
        parts += ["## Outputs", _values(report.outputs, links)]
        parts += _previews(report, gallery)
    if report.inputs:
        parts += ["## Inputs", _values(report.inputs, links)]
    parts += _resources(report)
    parts += [
        "## Details",
        _table(["", ""], [[markdown_text(name), markdown_text(text)] for name, text in report.facts]),
    ]
    parts += _last_words(report)
    return "\n\n".join(part for part in parts if part) + "\n"


def _headline(report: RunReport, links: Links) -> str:
    job = report.job
    told = [f"**{report.status.label}**: {markdown_text(report.heading)}"]
    if report.duration is not None:
        told.append(f"took {duration_text(report.duration)}")
    if job is not None and job.peak_memory_bytes is not None:
        told.append(f"peak memory {bytes_text(job.peak_memory_bytes)}")
    lines = [", ".join(told)]
    around = [_link("this run", links.run(report.flow_run_id)), _link("the run around it", links.run(links.around))]
    if job is not None:
        around.append(_link("image", links.artifact(image_key(job.component, job.image.sha256))))
    if shown := [one for one in around if one.startswith("[")]:
        lines.append(" · ".join(shown))
    return "\n\n".join(lines)


def image_key(component: str, sha256: str) -> str:
    """The key of the artifact that is the page of an image version."""
    return f"image-{component}-{digest_text(sha256)}"


def _problem(report: RunReport) -> Iterator[str]:
    job = report.job
    if report.message:
        yield _quote(f"**{markdown_text(clean_text(report.message, most=1024))}**")
    verdict = job.verdict if job is not None else None
    if job is None or verdict is None:
        return
    kind, advice = code_text(str(verdict.get("kind", ""))), str(verdict.get("advice") or "")
    if report.status is JobStatus.SUCCESS:  # such as a process that was ended while the container succeeded
        yield _quote(f"**{markdown_text(clean_text(str(verdict.get('message') or kind), most=1024))}**")
    lines = [f"- What went wrong: {markdown_text(kind)}"]
    lines += [f"- Try this first: {markdown_text(clean_text(advice, most=1024))}"] if advice else []
    lines += [
        f"- {markdown_text(clean_text(slug, most=100))}: {markdown_text(clean_text(why, most=1024))}"
        for slug, why in job.detailed_error_message.items()
    ]
    yield "\n".join(lines)


def _quote(line: str) -> str:
    return f"> {line}"


def _link(words: str, address: str) -> str:
    return f"[{words}]({address})" if address else words


def _values(values: Mapping[str, Carried], links: Links) -> str:
    rows = []
    singles = one_by_one(values)
    for name, value in list(singles.items())[:MOST_ROWS]:
        origin = links.run(links.origins.get(value.pk))
        rows.append(
            [
                markdown_text(clean_text(name, most=100)),
                markdown_text(value.interface.kind.label),
                markdown_text(value_line(value)),
                digest_text(value.sha256),
                _link(f"value {value.pk}", origin),
            ]
        )
    more = f"\n\nAnd {len(singles) - MOST_ROWS:,} more." if len(singles) > MOST_ROWS else ""
    return _table(["name", "kind", "value", "SHA-256", "from"], rows) + more


def _previews(report: RunReport, gallery: Gallery) -> Iterator[str]:
    over = backdrop_of({**report.inputs, **report.outputs})
    for name, value in list(one_by_one(report.outputs).items())[:MOST_ROWS]:
        if is_inline(value):
            continue
        if (made := gallery.show(name, value, over=over if over != value else None)) is not None:
            yield f"### {markdown_text(clean_text(name, most=100))}"
            yield made.as_markdown()
    if gallery.left_out:
        names = ", ".join(markdown_text(clean_text(name, most=100)) for name in gallery.left_out[:20])
        more = f" and {len(gallery.left_out) - 20} more" if len(gallery.left_out) > 20 else ""
        yield f"Not shown here for want of room or time: {names}{more}. `component-flows report` shows them."


def _resources(report: RunReport) -> Iterator[str]:
    job = report.job
    if job is None or not (rows := usage_rows(job)):
        return
    yield "## Resources"
    if chart := usage_chart(job):
        yield f"![Use of the machine over time]({svg.data_url(chart)})"
    yield _table(["", "mean", "highest", "allowed"], [[markdown_text(cell) for cell in row] for row in rows])


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
