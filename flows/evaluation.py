"""Evaluate an algorithm: one job a case, then one that compares what they gave with the ground truth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.calling import component_flow
from flows.component_job import current_flow_run_id, run_job
from flows.evaluation_cases import CasesRun, run_cases
from flows.placing import place, places_in_pools
from flows.ranking import show_leaderboard
from interfaces.errors import ComponentException
from interfaces.evaluations import Evaluation, EvaluationResult, FailedCases
from interfaces.job_status import JobStatus
from interfaces.jobs import ComponentJob
from interfaces.predictions_json import counted_cases, repeated_cases
from interfaces.value import ComponentInterfaceValue
from tasks.evaluation_job import evaluation_job
from tasks.evaluation_records import ended_by, moved, recorded
from tasks.in_thread import in_thread
from tasks.plan_evaluation import EvaluationPlan, plan_evaluation
from tasks.rank_evaluations import leaderboard_entries
from tasks.run_logging import run_logger
from tasks.run_pages import ended, show_evaluation, with_parts
from tasks.same_work import succeeded_or_begun

EDGES = 100
"""Most values that the Prefect UI draws edges for; more than that can't be told apart, and cost time."""


def _run_name(parameters: Mapping[str, Any]) -> str:
    return f"{parameters['algorithm']} in {parameters['phase']}"


@component_flow(name="evaluate", named_by=_run_name)
async def evaluate(
    phase: str,
    algorithm: str,
    cases: Any = None,
    inputs: dict[str, Any] | None = None,
    *,
    failed_cases: str = "fail",
    parallel: int | None = None,
    refresh: bool = False,
) -> EvaluationResult:
    """Evaluate an algorithm in a phase; each call is a submission on record.

    Everything is checked before anything runs: the phase, the algorithm, the cases' inputs, the additional inputs. Then
    the algorithm runs once for each case, and the evaluation once. Earlier successes of the same work are taken, so
    that to call it again after a failure runs only what is missing.

    Args:
        phase: Its slug.
        algorithm: Slug of a component or graph that has at least one of the phase's sets of inputs and outputs.
        cases: A CSV file or a folder (a path), an archive (its slug), a DataFrame or a list of dicts: one row a case,
            with the inputs by slug. None: the phase's own archive. A case's inputs pick the set.
        inputs: The phase's additional inputs by slug.
        failed_cases: What a case does that fails: ``fail``, it fails the evaluation; ``score``, it is left out of
            predictions.json, so that the evaluation's own container scores it as missing.
        parallel: Most cases that are under way at a time; None: the setting `parallel_cases`, else by the machine.
        refresh: Whether to run everything, whatever was run before.

    Returns:
        The metrics, the jobs by case, and the rank on the phase's leaderboard.

    Raises:
        EvaluationInvalid: The algorithm does not fit the phase; `.problems` holds every reason.
        CasesInvalid: The cases can't be used; `.problems` holds every reason.
        InvalidInputs: An additional input is missing or invalid; `.problems` holds them all.
        ComponentException: A case failed, or the evaluation itself; `.job` is its record.
        UnknownName: There is no such phase, algorithm, file or archive.
        DefinitionError: No cases are given, or `failed_cases` is something else.
        EngineUnavailable: No container engine answers.
    """
    choice = FailedCases.from_text(failed_cases)
    plan = await plan_evaluation(phase, algorithm, cases, inputs or {})
    evaluation = await in_thread(
        recorded,
        Evaluation(
            phase=phase,
            algorithm=algorithm,
            version=plan.version,
            failed_cases=choice,
            flow_run_id=current_flow_run_id(),
        ),
    )
    try:
        done = await with_parts(run_cases(plan, evaluation, parallel=parallel, refresh=refresh), count=None)
        evaluation = await in_thread(moved, evaluation, JobStatus.EXECUTING)
        job = await _evaluated(plan, evaluation, done, refresh=refresh)
        evaluation = await in_thread(recorded, evaluation.succeeded(job))
    except BaseException as error:
        await ended_by(evaluation, error)
        await ended(show_evaluation(evaluation), error)
        raise
    page = show_evaluation(evaluation)
    result = await in_thread(_result, evaluation, done, job)
    await show_leaderboard(phase)
    await page
    return result


aevaluate = evaluate.aio
"""The async twin of `evaluate`."""


async def _evaluated(plan: EvaluationPlan, evaluation: Evaluation, done: CasesRun, *, refresh: bool) -> ComponentJob:
    for name, earlier in repeated_cases(done.cases).items():
        run_logger().warning("The case %s has the values of the case %s, and is counted once", name, earlier)
    counted = counted_cases(done.cases)
    if not counted:
        raise ComponentException("all cases failed, so that there is nothing to evaluate: " + done.failures())
    if places_in_pools():
        given = {slug: value.model_dump(mode="json") for slug, value in plan.inputs.items()}
        parameters = {"evaluation": str(evaluation.id), "inputs": given, "refresh": refresh}
        return await place(run_evaluation, "flows.evaluation.run_evaluation", plan.phase.evaluation, parameters)
    edges = [value for case in counted for value in case.outputs.values()][:EDGES]
    return await run_evaluation.after(*edges).aio(str(evaluation.id), dict(plan.inputs), refresh=refresh)


@component_flow(name="run-evaluation", flow_run_name="evaluation", hands_on=lambda job: list(job.outputs.values()))
async def run_evaluation(
    evaluation: str, inputs: dict[str, ComponentInterfaceValue], *, refresh: bool = False
) -> ComponentJob:
    """Run the evaluation's own container for a submission whose cases are on record.

    Args:
        evaluation: The submission's id.
        inputs: The additional inputs by slug.
        refresh: Whether to run it although the same was evaluated before.

    Returns:
        The succeeded job.

    Raises:
        ComponentException: It failed; its text is the message for the user, `.job` the record.
    """
    make, given = await in_thread(evaluation_job, evaluation, inputs, flow_run_id=current_flow_run_id())
    job = await succeeded_or_begun(lambda: make(store=False), given, refresh=refresh)
    return job if job.status is JobStatus.SUCCESS else await run_job(job, job.inputs if job.cache_key else given)


def _result(evaluation: Evaluation, done: CasesRun, job: ComponentJob) -> EvaluationResult:
    _, entries = leaderboard_entries(evaluation.phase, standing=evaluation.id)
    own = next(one for one in entries if one.evaluation == evaluation.id)
    for problem in own.problems:
        run_logger().warning("%s", problem)
    return EvaluationResult(
        evaluation=evaluation,
        jobs=done.jobs,
        failed={case.name: case.error_message for case in done.cases if case.failed},
        repeated=repeated_cases(done.cases),
        job=job,
        scores=own.scores,
        ranking_problems=own.problems,
        rank=own.rank,
    )
