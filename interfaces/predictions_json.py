"""``/input/predictions.json``: what an evaluation reads to find an algorithm's jobs, and where their outputs lie."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter

from interfaces.evaluations import EvaluatedCase
from interfaces.inputs_json import inputs_json
from interfaces.job_status import JobStatus

_DURATION = TypeAdapter(timedelta)


def repeated_cases(cases: Iterable[EvaluatedCase]) -> dict[str, str]:
    """By case, the earlier one that has the very same values: an algorithm has one job for the two."""
    first: dict[frozenset[int], str] = {}
    found: dict[str, str] = {}
    for case in cases:
        if not case.failed:
            earlier = first.setdefault(frozenset(value.pk for value in case.inputs.values()), case.name)
            if earlier != case.name:
                found[case.name] = earlier
    return found


def counted_cases(cases: Sequence[EvaluatedCase]) -> list[EvaluatedCase]:
    """The cases that an evaluation is told of: those that succeeded, and of equal ones the first."""
    repeated = repeated_cases(cases)
    return [case for case in cases if not case.failed and case.name not in repeated]


def predictions_json(cases: Iterable[EvaluatedCase]) -> list[dict[str, Any]]:
    """The list that is written to predictions.json: one object for each of the `counted_cases`.

    Whatever reads it may look at ``pk``, which names the folder of the outputs (see `placements`). There are no web
    pages of jobs here; ``url`` and ``api_url`` are the job's URN (RFC 9562), which is the same wherever it is read.
    """
    return [_prediction(case) for case in cases]


def _prediction(case: EvaluatedCase) -> dict[str, Any]:
    urn = f"urn:uuid:{case.pk}"
    return {
        "pk": str(case.pk),
        "url": urn,
        "api_url": urn,
        "algorithm_image": case.version,
        "inputs": inputs_json(case.inputs.values()),
        "outputs": inputs_json(case.outputs.values()),
        "status": JobStatus.SUCCESS.label,
        "exec_duration": _iso_8601(case.exec_duration),
        "invoke_duration": _iso_8601(case.invoke_duration),
    }


def _iso_8601(duration: timedelta | None) -> str | None:
    """``PT1.5S``, or None."""
    return None if duration is None else _DURATION.dump_python(duration, mode="json")


def placements(cases: Iterable[EvaluatedCase]) -> dict[str, tuple[str, ...]]:
    """By an output's pk (as text), the prefixes below /input at which it lies: ``<pk of the prediction>/output/``.

    What is the same for several cases is one stored value, which then has several.
    """
    found: dict[str, list[str]] = {}
    for case in cases:
        for value in case.outputs.values():
            found.setdefault(str(value.pk), []).append(f"{case.pk}/output/")
    return {pk: tuple(prefixes) for pk, prefixes in found.items()}
