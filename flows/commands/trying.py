"""``try`` and ``lint``: a component before it is registered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from interfaces.findings import Finding
    from interfaces.jobs import ComponentJob
    from tasks.lint_component import Linted

REFUSED = 2
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.argument("folder", type=_FOLDER)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def lint(folder: Path, as_json: bool) -> None:
    """Look at a component's definition, folder and image before it is registered.

    The image is built. Exit code 2 where something would be refused or could not run.
    """
    from flows.commands.describing import print_json
    from tasks.lint_component import linted

    done = linted(folder, on_line=_show)
    if as_json:
        print_json(_document(done))
    else:
        _print_findings(done.findings)
        click.echo(_summary(done.findings))
    if done.has_errors:
        raise click.exceptions.Exit(REFUSED)


@click.command(name="try")
@click.argument("folder", type=_FOLDER)
@click.option("-i", "--input", "texts", multiple=True, metavar="NAME=VALUE_OR_PATH", help="An input; @FILE reads JSON.")
@click.option("-o", "--output", "out", type=click.Path(file_okay=False, path_type=Path), help="Write outputs there.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def try_(folder: Path, texts: tuple[str, ...], out: Path | None, as_json: bool) -> None:
    """Run the component of a FOLDER once, under the limits of a real job; nothing is registered or kept.

    What the container prints is shown as it comes.
    """
    from flows.commands.describing import job_document, print_json
    from flows.commands.running import read_texts
    from interfaces.export import export_values
    from tasks.lint_component import linted
    from tasks.try_component import tried

    looked = linted(folder, on_line=_show)
    if not as_json:
        _print_findings(looked.findings, err=True)
    if looked.has_errors:
        if as_json:
            print_json(_document(looked))
        raise click.exceptions.Exit(REFUSED)
    with tried(folder, lambda interfaces: read_texts(texts, interfaces), show=_show) as done:
        job = done.job
        if out is not None:
            export_values(job.outputs.values(), out)
        if as_json:
            print_json({**_document(looked), "job": job_document(job)})
        else:
            _print_job(job, out)
    if done.error is not None:
        raise done.error


def _show(text: str) -> None:
    click.echo(text, err=True)


def _document(done: Linted) -> dict[str, Any]:
    slug = done.component.slug if done.component is not None else None
    return {"component": slug, "findings": [asdict(one) for one in done.findings]}


def _print_findings(findings: Iterable[Finding], *, err: bool = False) -> None:
    for one in findings:
        click.echo(f"{one.level.value:<8} {one.about}: {one.sentence}", err=err)
        if one.remedy:
            click.echo(f"{'':<8} -> {one.remedy}", err=err)


def _summary(findings: tuple[Finding, ...]) -> str:
    from interfaces.findings import errors_in

    errors = len(errors_in(findings))
    return f"errors: {errors}; warnings: {len(findings) - errors}"


def _print_job(job: ComponentJob, out: Path | None) -> None:
    from flows.commands.describing import memory_text, seconds_text, value_text, verdict_lines

    lines = {
        "status": job.status.label,
        "message": job.error_message,
        **{f"  {slug}": why for slug, why in job.detailed_error_message.items()},
        **verdict_lines(job),
        "container ran": f"{seconds_text(job.exec_duration_s)} of {seconds_text(job.time_limit)} at most",
        "processor": seconds_text(job.cpu_seconds),
        "peak memory": f"{memory_text(job.peak_memory_bytes)} of {job.requires_memory_gb:g} GB",
    }
    for slug, value in job.outputs.items():
        place = out / value.relative_path if out is not None else None
        kept = f"{value.relative_path} (give -o FOLDER to keep it)" if value.path is not None else value_text(value)
        lines[f"output {slug}"] = str(place) if place is not None else kept
    width = max(len(name) for name in lines)
    for name, text in lines.items():
        if text:
            click.echo(f"{name:<{width}}  {text}")
