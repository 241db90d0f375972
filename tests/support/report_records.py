"""Runs that reports are made of, with texts that somebody hostile chose."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from interfaces.component_images import ComponentImage
from interfaces.definition import ComponentInterface
from interfaces.import_status import ImportStatusChoices
from interfaces.job_status import JobStatus
from interfaces.jobs import ComponentJob
from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.value import ComponentInterfaceValue

HOSTILE = (
    "</td><script>alert(1)</script>|[x](javascript:alert(1))![y](https://example.org/y.png)\n\n# h `c` "
    "www.example.org {{ 7 * 7 }} \u202e\x1b[31m"
)
BEGIN = datetime(2026, 2, 3, 4, 5, tzinfo=UTC)


def an_image(component: str = "lesion-counter", source: str = "here") -> ComponentImage:
    return ComponentImage(
        pk=1,
        component=component,
        sha256="sha256:" + "ab" * 32,
        source=source,
        fingerprint="",
        import_status=ImportStatusChoices.COMPLETED,
        user="1000",
        size=2**20,
        is_desired_version=True,
        created=BEGIN,
    )


def a_string(text: str, pk: int = 1) -> ComponentInterfaceValue:
    """A value of the kind String that is not stored anywhere; it holds its JSON itself."""
    interface = ComponentInterface(title="Words", slug="words", kind=Kind.STRING, relative_path="words.json")
    value = ComponentInterfaceValue(pk=pk, interface=interface, sha256="cd" * 32, size_in_storage=len(text) + 2)
    value._value = text
    return value


def a_job(
    status: JobStatus = JobStatus.SUCCESS, *, start_s: float = 2, took_s: float = 10, **changes: Any
) -> ComponentJob:
    """A job that has ended: it was created at `BEGIN` and started so many seconds later."""
    start = BEGIN + timedelta(seconds=start_s)
    fields: dict[str, Any] = {
        "status": status,
        "component": "lesion-counter",
        "image": an_image(),
        "time_limit": 60,
        "requires_memory_gb": 1,
        "created": BEGIN,
        "started_at": start,
        "completed_at": start + timedelta(seconds=took_s),
        "exec_duration_s": took_s / 2,
        "cpu_seconds": took_s,
        "peak_memory_bytes": 2**29,
        "flow_run_id": uuid4(),
    }
    return ComponentJob(**{**fields, **changes})


def metrics(start_s: float = 2, **percent: list[float]) -> dict[str, Any]:
    """Runtime metrics with one sample a second: `metrics(CPUUtilization=[50, 100])`."""
    return {
        "instance": {"name": "here", "cpu": 4, "memory": 16, "gpus": 0, "gpu_type": None},
        "metrics": [
            {
                "label": label,
                "status": "Complete",
                "timestamps": [(BEGIN + timedelta(seconds=start_s + 1 + at)).isoformat() for at in range(len(values))],
                "values": values,
            }
            for label, values in percent.items()
        ],
        "totals": {"oom_events": 0, "peak_working_set_bytes": 2**28},
    }


def hostile_job(text: str, **changes: Any) -> ComponentJob:
    """A job that failed, with the text wherever a text can be."""
    verdict = {"kind": "exit_code", "message": text, "advice": text, "figures": {}}
    return a_job(
        JobStatus.FAILURE,
        name=text,
        image=an_image(source=text),
        error_message=text,
        detailed_error_message={text: text},
        verdict=verdict,
        stdout=text,
        stderr=text,
        why=text,
        inputs={text: a_string(text)},
        outputs={text: a_string(text * 9, pk=2)},
        runtime_metrics=metrics(CPUUtilization=[1, 2]),
        **changes,
    )
