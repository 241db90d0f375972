"""What happened: the run of a component or a graph as an action, with its times, its end and what it used."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from interfaces.costs import priced_instance
from interfaces.crates.contents import CrateFile
from interfaces.crates.entities import Entities, Reference
from interfaces.crates.terms import COMPLETED, FAILED, METRICS
from interfaces.crates.tools import image_entity
from interfaces.crates.values import add_parameters
from interfaces.job_status import JobStatus
from interfaces.jobs import ComponentJob
from interfaces.settings import get_settings
from interfaces.site import get_site

_PROPERTY = "urn:component-flows:property:"
_SECONDS, _BYTES, _GIB = ("https://qudt.org/vocab/unit/" + unit for unit in ("SEC", "BYTE", "GibiBYTE"))
_MILLICENTS_PER_EURO = 100_000


def job_action(entities: Entities, job: ComponentJob, tool: Reference, agent: Reference) -> Reference:
    """The run of a component, with its inputs and outputs, its limits and what it used of them."""
    identifier = f"#job-{job.id}"
    inputs = add_parameters(entities, tool, "input", job.inputs)
    outputs = add_parameters(entities, tool, "output", job.outputs)
    return entities.add(
        identifier,
        "CreateAction",
        name=f"Run of {job.component}",
        description=f"One run of the component '{job.component}' in a container, attempt {job.attempt + 1}",
        instrument=tool,
        agent=agent,
        object=inputs,
        result=outputs,
        containerImage=image_entity(entities, job.image),
        resourceUsage=list(_properties(entities, identifier, _usage(job))),
        additionalProperty=list(_properties(entities, identifier, _limits(job))),
        subjectOf=_metrics(entities, job),
        **job_ending(job),
    )


def job_ending(job: ComponentJob) -> dict[str, Any]:
    """The times of a job and how it ended."""
    error = "" if job.status is JobStatus.SUCCESS else job_error(job)
    return ending(job.started_at or job.created, job.completed_at, error)


def job_error(job: ComponentJob) -> str:
    """What went wrong with a job that did not succeed, with its status where it left no message."""
    details = [f"{slug}: {why}" for slug, why in job.detailed_error_message.items()]
    return " ".join([job.error_message or job.status.label, *details])


def ending(started_at: datetime, completed_at: datetime | None, error: str) -> dict[str, Any]:
    """The times of an action and how it ended.

    Args:
        started_at: When it began.
        completed_at: When it ended.
        error: What went wrong; "" where it succeeded.
    """
    return {
        "startTime": _moment(started_at),
        "endTime": _moment(completed_at) if completed_at else None,
        "actionStatus": FAILED if error else COMPLETED,
        "error": _without_places(error),
    }


def _moment(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds")


def _without_places(text: str) -> str:
    """A message without the folders of this machine."""
    for place, name in ((get_site().home, "[home of component-flows]"), (Path.home(), "~")):
        if place != Path("/"):
            text = text.replace(str(place), name)
    return text


_Property = tuple[str, str, float | int | str | None, str]


def _usage(job: ComponentJob) -> Iterator[_Property]:
    cost = job.compute_cost_euro_millicents
    yield "duration", "Seconds of the machine", job.duration.total_seconds() if job.duration else None, _SECONDS
    yield "exec-duration", "Seconds that the container ran", job.exec_duration_s, _SECONDS
    yield "invoke-duration", "Seconds that the warm container took", job.invoke_duration_s, _SECONDS
    yield "cpu-seconds", "Processor time of all processes", job.cpu_seconds, _SECONDS
    yield "peak-memory", "Most memory of the container", job.peak_memory_bytes, _BYTES
    yield "cost", "Cost of the machine in euro", None if cost is None else cost / _MILLICENTS_PER_EURO, "EUR"


def _limits(job: ComponentJob) -> Iterator[_Property]:
    yield "time-limit", "Most seconds of the container", job.time_limit, _SECONDS
    yield "memory-limit", "Most memory of the container", job.requires_memory_gb, _GIB
    yield "gpu-type", "GPU", job.requires_gpu_type or None, ""


def _properties(entities: Entities, owner: str, properties: Iterator[_Property]) -> Iterator[Reference]:
    for name, text, value, unit in properties:
        if value is not None:
            yield entities.add(
                f"{owner}/{name}",
                "PropertyValue",
                name=text,
                propertyID=f"{_PROPERTY}{name}",
                value=value,
                unitCode=unit if unit == "EUR" else {"@id": unit} if unit else None,
            )


def _metrics(entities: Entities, job: ComponentJob) -> Reference | None:
    """How much of the machine was used over time, as a JSON file."""
    if not job.runtime_metrics:
        return None
    instance: Mapping[str, Any] = job.runtime_metrics.get("instance", {})
    # Where it is no row of the site's table of instances, its name is that of this machine.
    is_ours = priced_instance(get_settings().costs, instance.get("name")) is None
    told = {name: one for name, one in instance.items() if name != "name" or not is_ours}
    content = json.dumps({**job.runtime_metrics, "instance": told}, indent=1, ensure_ascii=False).encode()
    return entities.add_file(
        CrateFile.of_bytes(PurePosixPath(METRICS, f"{job.id}.json"), content),
        name="Runtime metrics",
        description=f"Use of the machine over time by the job {job.id}, in percent",
        about={"@id": f"#job-{job.id}"},
    )
