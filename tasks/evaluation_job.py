"""Make the one job that evaluates a submission: predictions.json, the outputs beside it, the ground truth."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from interfaces.database.component_records import desired_tarball
from interfaces.database.evaluation_records import load_cases, load_evaluation
from interfaces.database.interface_records import find_interfaces
from interfaces.database.phase_records import find_phases
from interfaces.jobs import ComponentJob
from interfaces.phase import PREDICTIONS
from interfaces.predictions_json import counted_cases, placements, predictions_json
from interfaces.site import get_site
from interfaces.tarballs import TarballKind
from interfaces.value import ComponentInterfaceValue
from tasks.create_job import create_job


def evaluation_job(
    evaluation: str, additional: Mapping[str, ComponentInterfaceValue], *, flow_run_id: UUID | None = None
) -> tuple[partial[ComponentJob], dict[str, Any]]:
    """How the job of a submission is made, and its inputs by slug.

    What the algorithm made of the cases is read from the submission's record.

    Args:
        evaluation: The id of a submission whose cases have ended.
        additional: Additional inputs by slug.
        flow_run_id: The Prefect flow run that runs the job.
    """
    site = get_site()
    with site.database.session() as session:
        submission = load_evaluation(session, evaluation)
        cases = counted_cases(load_cases(session, submission.id))
        phase = find_phases(session, [submission.phase])[submission.phase]
        predictions = find_interfaces(session, [PREDICTIONS])[PREDICTIONS]
        ground_truth = (
            desired_tarball(session, owner=phase.slug, kind=TarballKind.GROUND_TRUTH) if phase.ground_truth else None
        )
    staged = {value.pk: value for case in cases for value in case.outputs.values()}
    value = predictions.create_instance(value=predictions_json(cases))
    # An additional input that is the same value as an output lies in its own place, too.
    prefixes = placements(cases)
    for one in additional.values():
        if (pk := str(one.pk)) in prefixes:
            prefixes[pk] = ("", *prefixes[pk])
    make = partial(
        create_job,
        phase.evaluation,
        name=f"evaluation of {submission.algorithm}",
        tarball=ground_truth,
        staged=tuple(staged.values()),
        input_prefixes={pk: found[0] if len(found) == 1 else found for pk, found in prefixes.items()},
        flow_run_id=flow_run_id,
    )
    return make, {**additional, PREDICTIONS: value}
