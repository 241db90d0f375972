"""Records as JSON documents and as text for a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from interfaces.graph_run import GraphRun
from interfaces.graph_values import Carried
from interfaces.jobs import ComponentJob
from interfaces.kinds import InterfaceSuperKindChoices
from interfaces.value import ComponentInterfaceValue

SHOWN_VALUE = 200


def value_document(value: ComponentInterfaceValue) -> dict[str, Any]:
    """A value as a JSON object: with its JSON where it is in the database, with its path where it is a file."""
    document: dict[str, Any] = {
        "pk": value.pk,
        "interface": value.interface.slug,
        "kind": value.interface.kind.label,
        "sha256": value.sha256,
    }
    if value.interface.super_kind == InterfaceSuperKindChoices.VALUE:
        return {**document, "value": value.value}
    return {**document, "path": str(value.path)}


def values_document(values: Mapping[str, Carried]) -> dict[str, Any]:
    """Values, and lists of values, by name as a JSON object."""
    return {
        name: [value_document(one) for one in value] if isinstance(value, tuple) else value_document(value)
        for name, value in values.items()
    }


def job_document(job: ComponentJob) -> dict[str, Any]:
    """A job as a JSON object; times are ISO 8601 in UTC, durations seconds."""
    return {
        "id": str(job.id),
        "component": job.component,
        "name": job.name,
        "status": job.status.name,
        "attempt": job.attempt,
        "image": job.image.sha256,
        "created": job.created.isoformat(),
        "started_at": job.started_at and job.started_at.isoformat(),
        "completed_at": job.completed_at and job.completed_at.isoformat(),
        "duration_s": job.duration.total_seconds() if job.duration is not None else None,
        "exec_duration_s": job.exec_duration_s,
        "peak_memory_bytes": job.peak_memory_bytes,
        "time_limit": job.time_limit,
        "requires_memory_gb": job.requires_memory_gb,
        "requires_gpu_type": job.requires_gpu_type,
        "error_message": job.error_message,
        "detailed_error_message": dict(job.detailed_error_message),
        "verdict": job.verdict,
        "inputs": values_document(job.inputs),
        "outputs": values_document(job.outputs),
        "runtime_metrics": job.runtime_metrics,
        "cache_key": job.cache_key,
        "why": job.why,
        "flow_run_id": str(job.flow_run_id) if job.flow_run_id else None,
    }


def run_document(run: GraphRun) -> dict[str, Any]:
    """A graph's run as a JSON object."""
    return {
        "graph": run.graph,
        "inputs": values_document(run.inputs),
        "outputs": values_document(run.outputs),
        "jobs": {name: job_document(job) for name, job in run.jobs.items()},
        "left_out": dict(run.left_out),
        "reused": sorted(run.reused),
        "flow_run_id": str(run.flow_run_id) if run.flow_run_id else None,
    }


def print_json(document: Any) -> None:
    """One JSON document on stdout."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def value_text(value: ComponentInterfaceValue) -> str:
    """A value in one line: its JSON, abbreviated, or the path of its file."""
    if value.path is not None:
        return str(value.path)
    text = json.dumps(value.value, ensure_ascii=False)
    return text if len(text) <= SHOWN_VALUE else text[:SHOWN_VALUE] + " ..."


def seconds_text(seconds: float | None) -> str:
    """Seconds for people: ``0.42 s``, ``3 min 07 s``; a dash where there are none."""
    if seconds is None:
        return "-"
    if seconds < 60:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def run_text(job: ComponentJob, *, is_reused: bool) -> str:
    """How a job went, in one line: what it used, or that it had run before; and why it ran although others had."""
    if is_reused:
        return f"did not run: its outputs are those of the job {str(job.id)[:8]}"
    used = f"{job.status.label} in {seconds_text(job.exec_duration_s)}, {memory_text(job.peak_memory_bytes)}"
    return f"{used}; ran: {job.why}" if job.why else used


def memory_text(size: int | None) -> str:
    """Bytes for people, in MB (2**20 bytes); a dash where there are none."""
    return "-" if size is None else f"{size / 2**20:.0f} MB"


def verdict_lines(job: ComponentJob) -> dict[str, str]:
    """What went wrong and what to do, by what each line is called; empty where nothing did."""
    if job.verdict is None:
        return {}
    advice = job.verdict["advice"]
    return {"verdict": job.verdict["kind"].replace("_", " "), **({"advice": advice} if advice else {})}
