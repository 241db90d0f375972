"""Check a phase, an algorithm and its cases before anything runs: all problems at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from interfaces.algorithm_fit import Route, find_route
from interfaces.cases import MAX_PROBLEMS, Case, CaseInputs, CaseSource
from interfaces.component import InterfaceSet
from interfaces.database.component_records import desired_image, find_components
from interfaces.database.graph_records import find_graphs
from interfaces.database.interface_records import find_interfaces
from interfaces.database.phase_records import find_phases
from interfaces.definition import ComponentInterface
from interfaces.engine import get_engine
from interfaces.errors import CasesInvalid, DefinitionError, EvaluationInvalid, InvalidInputs, ValidationError
from interfaces.graph_ports import Definitions
from interfaces.phase import Phase
from interfaces.phase_check import find_phase_problems
from interfaces.settings import get_settings
from interfaces.site import get_site
from interfaces.value import ComponentInterfaceValue
from tasks.admission import check_capacity
from tasks.create_job import check_runnable
from tasks.in_thread import in_thread
from tasks.read_cases import ARCHIVE_PREFIX, Runnable, find_runnable, open_cases
from tasks.validate_inputs import read_inputs


@dataclass(frozen=True, kw_only=True)
class EvaluationPlan:
    """An algorithm that can be evaluated.

    Attributes:
        phase: The phase.
        algorithm: What is evaluated.
        version: Digest of the component's image; of a graph one of its definition and its images' digests.
        routes: How the algorithm answers those of the phase's sets that it can.
        defaults: The slugs of the inputs that have a default value.
        source: The cases.
        inputs: The additional inputs by slug.
    """

    phase: Phase
    algorithm: Runnable
    version: str
    routes: Mapping[InterfaceSet, Route]
    defaults: frozenset[str]
    source: CaseSource
    inputs: Mapping[str, ComponentInterfaceValue]

    def route(self, case: Case) -> Route:
        """How the algorithm is asked about a case.

        Raises:
            ValidationError: The case fits none of the phase's sets, or the algorithm can't answer that one.
        """
        picked = self.phase.pick_set(case.inputs, with_default=self.defaults)
        if picked not in self.routes:
            raise ValidationError(f"'{self.algorithm.name}' does not answer the set ({', '.join(picked.inputs)})")
        return self.routes[picked]


def planned_evaluation(slug: str, algorithm: str, cases: Any, given: Mapping[str, Any]) -> EvaluationPlan:
    """Check everything that can be checked without running anything.

    Args:
        slug: The phase's.
        algorithm: Slug of a component or graph.
        cases: See `tasks.read_cases.open_cases`; None for the phase's own archive.
        given: The additional inputs by slug.

    Raises:
        UnknownName: There is no such phase, component, graph, file or archive.
        EvaluationInvalid: The algorithm or the evaluation does not fit the phase; holds every problem.
        InvalidInputs: An additional input is missing, unknown or invalid; holds every problem.
        CasesInvalid: The cases can't be used, or don't fit; holds every problem.
        EngineUnavailable: No container engine answers.
    """
    get_engine()
    with get_site().database.session() as session:
        phase = find_phases(session, [slug])[slug]
        known = Definitions(
            components=find_components(session), interfaces=find_interfaces(session), graphs=find_graphs(session)
        )
    runnable = find_runnable(algorithm)
    problems = [problem.text for problem in find_phase_problems(phase, known)]
    routes, why_not = _routes(phase, runnable, known)
    problems += why_not if not routes else []
    problems += _missing_images(phase, runnable)
    problems += _exceeded_limits(phase, runnable, known)
    problems += _cannot_run_here(phase, runnable, known)
    if problems:
        raise EvaluationInvalid(algorithm, slug, problems)
    inputs = _additional(phase, known.interfaces, given)
    plan = EvaluationPlan(
        phase=phase,
        algorithm=runnable,
        version=_version(runnable),
        routes=routes,
        defaults=frozenset(one for one in phase.input_slugs if known.interfaces[one].default_value is not None),
        source=open_cases(_chosen(phase, cases), _case_inputs(phase, known.interfaces)),
        inputs=inputs,
    )
    if misfits := list(_misfits(plan)):
        raise CasesInvalid(plan.source.title, misfits)
    return plan


def _routes(phase: Phase, runnable: Runnable, known: Definitions) -> tuple[dict[InterfaceSet, Route], list[str]]:
    algorithm = known.graphs[runnable.name] if runnable.is_graph else known.components[runnable.name]
    routes: dict[InterfaceSet, Route] = {}
    why_not: list[str] = []
    for each in phase.algorithm_interfaces:
        try:
            routes[each] = find_route(algorithm, each, known)
        except ValidationError as error:
            why_not.append(str(error))
    return routes, why_not


def _missing_images(phase: Phase, runnable: Runnable) -> Iterator[str]:
    with get_site().database.session() as session:
        for slug in sorted({phase.evaluation, *runnable.components}):
            image = desired_image(session, slug)
            if image is None or not image.can_execute:
                yield f"the component '{slug}' has no container image; register its folder again"


def _exceeded_limits(phase: Phase, runnable: Runnable, known: Definitions) -> Iterator[str]:
    """What the components of a graph ask for beyond the phase's limits; a component itself just gets those."""
    if not runnable.is_graph:
        return
    for slug in sorted({*runnable.components} & known.components.keys()):
        component = known.components[slug]
        if phase.time_limit is not None and component.time_limit > phase.time_limit:
            yield f"'{slug}' has a time limit of {component.time_limit} s; the phase allows {phase.time_limit} s"
        if phase.memory_gb is not None and component.memory_gb > phase.memory_gb:
            yield f"'{slug}' asks for {component.memory_gb:g} GB; the phase allows {phase.memory_gb:g} GB"


def _cannot_run_here(phase: Phase, runnable: Runnable, known: Definitions) -> Iterator[str]:
    """What this machine lacks, of the evaluation too: it would be a pity to learn that after the last case."""
    if get_settings().place_jobs == "pool":
        return  # what other machines have is for their workers' pools to say
    for slug in sorted({phase.evaluation, *runnable.components} & known.components.keys()):
        component = known.components[slug]
        memory_gb = component.memory_gb
        if slug == runnable.name and phase.memory_gb is not None:
            memory_gb = phase.memory_gb
        try:
            check_runnable(component)
            check_capacity(memory_gb=memory_gb)
        except DefinitionError as error:
            yield error.message if f"'{slug}'" in error.message else f"'{slug}': {error.message}"


def _version(runnable: Runnable) -> str:
    if runnable.is_graph:
        return f"sha256:{runnable.identity}"
    with get_site().database.session() as session:
        image = desired_image(session, runnable.name)
    return image.sha256 if image else ""


def _chosen(phase: Phase, cases: Any) -> Any:
    if cases is not None:
        return cases
    if not phase.archive:
        raise DefinitionError(f"the phase '{phase.slug}' names no archive; say which cases to evaluate")
    return ARCHIVE_PREFIX + phase.archive


def _case_inputs(phase: Phase, interfaces: Mapping[str, ComponentInterface]) -> CaseInputs:
    slugs = dict.fromkeys(slug for each in phase.algorithm_interfaces for slug in each.inputs)
    return CaseInputs(
        of=f"the phase '{phase.slug}'",
        interfaces={slug: interfaces[slug] for slug in slugs},
        sets=tuple(
            frozenset(slug for slug in each.inputs if interfaces[slug].default_value is None)
            for each in phase.algorithm_interfaces
        ),
    )


def _misfits(plan: EvaluationPlan) -> Iterator[str]:
    """Cases whose inputs are not those of a set; which values are wrong is for the runs to find."""
    count = 0
    for case in plan.source.read():
        try:
            if not case.problems:
                plan.route(case)
        except ValidationError as error:
            yield f"case {case.id}: {error}"
            count += 1
        if count == MAX_PROBLEMS:
            return


def _additional(
    phase: Phase, interfaces: Mapping[str, ComponentInterface], given: Mapping[str, Any]
) -> dict[str, ComponentInterfaceValue]:
    known = {slug: interfaces[slug] for slug in phase.additional_inputs}
    problems = {slug: f"is no additional input of the phase '{phase.slug}'{_hint(slug, known)}" for slug in given}
    problems = {slug: why for slug, why in problems.items() if slug not in known}
    full = {slug: one.default_value for slug, one in known.items() if one.default_value is not None}
    full |= {slug: value for slug, value in given.items() if slug in known}
    problems |= {slug: f"is missing; it is a {one.kind.label}" for slug, one in known.items() if slug not in full}
    try:
        values = read_inputs(known, full)
    except InvalidInputs as error:
        raise InvalidInputs({**problems, **error.problems}) from error
    if problems:
        raise InvalidInputs(problems)
    return values


def _hint(slug: str, known: Mapping[str, object]) -> str:
    near = get_close_matches(slug, known, n=1)
    return f"; did you mean '{near[0]}'?" if near else f"; those are {', '.join(known) or 'none'}"


@task(name="plan evaluation", task_run_name="plan evaluation", cache_policy=NO_CACHE)
async def plan_evaluation(phase: str, algorithm: str, cases: Any, inputs: Mapping[str, Any]) -> EvaluationPlan:
    """Check an evaluation; see `planned_evaluation`."""
    return await in_thread(planned_evaluation, phase, algorithm, cases, inputs)
