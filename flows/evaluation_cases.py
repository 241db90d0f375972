"""An algorithm over the cases of an evaluation: so many at a time, each with its end on record."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from flows.batch import CASES_PER_CORE
from flows.batch_progress import Clock, reported
from flows.case_run import OF_ALL_CASES
from flows.graph import run_graph
from flows.placing import place_component, placed_at_once
from interfaces import messages
from interfaces.algorithm_fit import Route
from interfaces.batch_summary import Tally
from interfaces.cases import Case
from interfaces.engine import get_engine
from interfaces.errors import ComponentException, DefinitionError, InvalidInputs
from interfaces.evaluations import EvaluatedCase, Evaluation, FailedCases
from interfaces.graph_run import GraphRun
from interfaces.job_status import JobStatus
from interfaces.jobs import ComponentJob
from interfaces.settings import get_settings
from tasks.evaluation_records import case_recorded
from tasks.in_thread import in_thread
from tasks.plan_evaluation import EvaluationPlan
from tasks.reuse import find_earlier
from tasks.run_logging import run_logger
from tasks.validate_inputs import read_inputs

SHOWN_FAILURES = 5

_OF_GRAPHS = UUID("5f0c2b3e-7a5d-4b8f-9d6e-2f1f6a3c9b41")
"""The namespace of the ids that the runs of graphs have in predictions.json (RFC 9562, version 5)."""


@dataclass(kw_only=True)
class CasesRun:
    """What became of the cases.

    Attributes:
        cases: In the order of the source, once all have ended.
        jobs: The jobs by case; of a graph by ``case/node``.
        errors: What a case failed with, by its name.
    """

    cases: list[EvaluatedCase] = field(default_factory=list)
    jobs: dict[str, ComponentJob] = field(default_factory=dict)
    errors: dict[str, BaseException] = field(default_factory=dict)

    def failures(self) -> str:
        """Which cases failed, and why, in one sentence; of many the first."""
        failed = [case for case in self.cases if case.failed]
        text = "; ".join(f"the case {case.name} failed: {case.error_message}" for case in failed[:SHOWN_FAILURES])
        more = len(failed) - SHOWN_FAILURES
        return f"{text}; and {more} more" if more > 0 else text


async def run_cases(
    plan: EvaluationPlan, evaluation: Evaluation, *, parallel: int | None = None, refresh: bool = False
) -> CasesRun:
    """Run the algorithm over every case, and write down what became of each.

    Args:
        plan: What runs.
        evaluation: The submission. Where failed cases fail it, none is begun after the first failure; those that are
            under way come to their end.
        parallel: Most cases under way at a time.
        refresh: Whether to run each whatever was run before.

    Raises:
        ComponentException: Cases failed, and fail the evaluation; `.job` is the first such job.
    """
    workers = min(await in_thread(_parallel, parallel), plan.source.count)
    run = _Run(plan=plan, evaluation=evaluation, refresh=refresh)
    components, total = plan.algorithm.components, plan.source.count
    clock = Clock(tally=run.tally, total=total, parallel=workers, components=components)
    pending = iter(enumerate(plan.source.read()))
    try:
        async with reported(clock, key="cases"), asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(run.work(pending))
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None
    done = run.done()
    if done.errors and evaluation.failed_cases is FailedCases.FAIL:
        first = next(iter(done.errors.values()))
        raise ComponentException(done.failures(), job=getattr(first, "job", None)) from first
    return done


def _parallel(wanted: int | None) -> int:
    if wanted is not None and wanted < 1:
        raise DefinitionError(f"{wanted} cases at a time are too few; give 1 or more")
    return wanted or get_settings().parallel_cases or placed_at_once() or CASES_PER_CORE * get_engine().info().cpus


@dataclass(kw_only=True)
class _Run:
    """The cases of one evaluation. A fixed number of workers takes one after another."""

    plan: EvaluationPlan
    evaluation: Evaluation
    refresh: bool
    tally: Tally = field(default_factory=Tally)
    _cases: dict[int, EvaluatedCase] = field(default_factory=dict)
    _jobs: dict[int, dict[str, ComponentJob]] = field(default_factory=dict)
    _errors: dict[int, BaseException] = field(default_factory=dict)
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    def done(self) -> CasesRun:
        """Everything in the order of the cases, whichever ended first."""
        named = {number: self._cases[number].name for number in sorted(self._cases)}
        jobs = {
            f"{name}/{node}" if node else name: job
            for number, name in named.items()
            for node, job in self._jobs.get(number, {}).items()
        }
        errors = {name: self._errors[number] for number, name in named.items() if number in self._errors}
        return CasesRun(cases=[self._cases[number] for number in named], jobs=jobs, errors=errors)

    async def work(self, pending: Iterator[tuple[int, Case]]) -> None:
        """Take cases until there is none, or one failed that fails everything."""
        while not (self._errors and self.evaluation.failed_cases is FailedCases.FAIL):
            async with self._reading:
                found = await in_thread(next, pending, None)
            if found is None:
                return
            number, case = found
            self._cases[number] = await self._case(number, case)
            await in_thread(case_recorded, self.evaluation, number, self._cases[number])
            status = JobStatus.FAILURE if self._cases[number].failed else JobStatus.SUCCESS
            self.tally.count(case.id, status, self._cases[number].error_message)

    async def _case(self, number: int, case: Case) -> EvaluatedCase:
        try:
            if case.problems:
                raise InvalidInputs({name or "case": why for name, why in case.problems.items()})
            route = self.plan.route(case)
            if self.plan.algorithm.is_graph:
                return self._of_graph(number, case, route, await self._run_graph(case, route))
            return self._of_job(number, case, route, await self._run_component(case))
        except OF_ALL_CASES:
            raise
        except ComponentException as error:
            return self._failed(number, case, error, str(error))
        except Exception as error:
            run_logger().exception("The case %s broke off", case.id)
            return self._failed(number, case, error, messages.UNEXPECTED)

    async def _run_component(self, case: Case) -> ComponentJob:
        name, phase = self.plan.algorithm.name, self.plan.phase
        # Stored here, so that they are read once, also where no earlier success does.
        values = await in_thread(read_inputs, self.plan.algorithm.inputs.interfaces, case.inputs)
        if not self.refresh and (earlier := await find_earlier(name, values)):
            return earlier
        return await place_component(
            name,
            values,
            name=case.id,
            time_limit=phase.time_limit,
            memory_gb=phase.memory_gb,
            reuse=True,
            refresh=self.refresh,
        )

    async def _run_graph(self, case: Case, route: Route) -> GraphRun:
        named = {route.inputs[slug]: value for slug, value in case.inputs.items()}
        return await run_graph.aio(self.plan.algorithm.name, named, name=case.id, refresh=self.refresh)

    def _of_job(self, number: int, case: Case, route: Route, job: ComponentJob) -> EvaluatedCase:
        self._jobs[number] = {"": job}
        return EvaluatedCase(
            name=case.id,
            pk=job.id,
            version=job.image.sha256,
            jobs={"": job.id},
            inputs=job.inputs,
            outputs={slug: job.outputs[slug] for slug in route.outputs},
            exec_duration_s=job.exec_duration_s,
            invoke_duration_s=job.invoke_duration_s,
        )

    def _of_graph(self, number: int, case: Case, route: Route, run: GraphRun) -> EvaluatedCase:
        self._jobs[number] = dict(run.jobs)
        ids = {node: job.id for node, job in run.jobs.items()}
        durations = [job.exec_duration_s for job in run.jobs.values() if job.exec_duration_s is not None]
        return EvaluatedCase(
            name=case.id,
            # The same jobs have the same id, so that what was evaluated before is found again.
            pk=uuid5(_OF_GRAPHS, "\n".join(f"{node} {job}" for node, job in sorted(ids.items()))),
            version=self.plan.version,
            jobs=ids,
            inputs={slug: run.inputs[name] for slug, name in route.inputs.items()},
            outputs={slug: run.outputs[name] for slug, name in route.outputs.items()},
            exec_duration_s=sum(durations) if durations else None,
        )

    def _failed(self, number: int, case: Case, error: BaseException, message: str) -> EvaluatedCase:
        self._errors[number] = error
        job: ComponentJob | None = getattr(error, "job", None)
        run: GraphRun | None = getattr(error, "run", None)
        jobs: Mapping[str, Any] = dict(run.jobs) if run is not None else {"": job} if job is not None else {}
        self._jobs[number] = dict(jobs)
        return EvaluatedCase(name=case.id, jobs={node: one.id for node, one in jobs.items()}, error_message=message)
