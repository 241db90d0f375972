"""``phase:`` in a definition file: what algorithms must do, how that is evaluated, what ranks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from interfaces.catalogue.component_file import SET_KEYS, TARBALLS, existing_file
from interfaces.catalogue.section import Section
from interfaces.catalogue.yaml_source import KeyPath, YamlSource
from interfaces.component import InterfaceSet
from interfaces.errors import DefinitionError
from interfaces.phase import METRICS, PREDICTIONS, Direction, PerAlgorithm, Phase, RankingBy, RankingMetric
from interfaces.settings import get_settings

ROOT = "phase"
REQUIRED = ("title", "algorithm_interfaces", "evaluation")
KEYS = (
    *REQUIRED,
    *("slug", "description", "ground_truth", "archive", "additional_inputs", "additional_outputs"),
    *("limits", "ranking", "ranking_by", "per_algorithm"),
)
LIMIT_KEYS = ("time_limit", "memory_gb")
RANKING_KEYS = ("metric", "direction", "title")

_METRIC = re.compile(r"[^\s.]+(?:\.[^\s.]+)*")


def read_phase(source: YamlSource, problems: list[DefinitionError]) -> Iterator[tuple[Phase, KeyPath]]:
    """The phase of a file with its place in it; nothing where it has a problem.

    Whether its slugs are registered and fit is a question for `interfaces.phase_check`.

    Args:
        source: A file with the key ``phase``; paths in it are relative to the file's folder.
        problems: Takes what is wrong.
    """
    before = len(problems)
    section = Section(source, (ROOT,), problems, known=KEYS, required=REQUIRED)
    title, slug = section.title_and_slug()
    time_limit, memory_gb = _limits(section)
    phase = Phase(
        title=title,
        slug=slug,
        description=section.lines("description"),
        algorithm_interfaces=tuple(_sets(section)),
        evaluation=_evaluation(section),
        ground_truth=existing_file(section, "ground_truth", suffixes=TARBALLS) if section.has("ground_truth") else None,
        archive=section.text("archive"),
        additional_inputs=_additional(section, "additional_inputs", PREDICTIONS),
        additional_outputs=_additional(section, "additional_outputs", METRICS),
        time_limit=time_limit,
        memory_gb=memory_gb,
        ranking=tuple(_ranking(section)),
        ranking_by=RankingBy(section.one_of("ranking_by", tuple(RankingBy), RankingBy.FIRST)),
        per_algorithm=PerAlgorithm(section.one_of("per_algorithm", tuple(PerAlgorithm), PerAlgorithm.BEST)),
    )
    if len(problems) == before:
        yield phase, (ROOT,)


def _sets(section: Section) -> Iterator[InterfaceSet]:
    seen: dict[frozenset[str], int] = {}
    for index in section.entries("algorithm_interfaces", wanted="at least one set of inputs and outputs"):
        entry = section.section("algorithm_interfaces", index, known=SET_KEYS, required=SET_KEYS)
        made = InterfaceSet(
            inputs=entry.texts("inputs", wanted="at least one input"),
            outputs=entry.texts("outputs", wanted="at least one output"),
        )
        first = seen.setdefault(frozenset(made.inputs), index)
        if first != index and not entry.faulty:
            message = f"are the same as in algorithm_interfaces[{first}]; a case's inputs pick the set"
            entry.problem(f"{message}, so they must differ", "inputs")
        yield made


def _evaluation(section: Section) -> str:
    if "evaluation" not in section.data:
        return ""
    return section.section("evaluation", known=("component",), required=("component",)).text("component")


def _additional(section: Section, key: str, own: str) -> tuple[str, ...]:
    slugs = section.texts(key)
    if own in slugs:
        section.problem(f"'{own}' is there in every evaluation; leave it out", key, section.data[key].index(own))
    return slugs


def _limits(section: Section) -> tuple[int | None, float | None]:
    """The time in seconds and the memory in GB for an algorithm's jobs; None for what is not given."""
    if not section.has("limits"):
        section.mapping("limits")
        return None, None
    given, bounds = section.section("limits", known=LIMIT_KEYS), get_settings().limits
    time_limit = given.whole_number(
        "time_limit", 0, bounds=(bounds.min_time_limit_s, bounds.max_time_limit_s), unit=" s"
    )
    memory_gb = given.number("memory_gb", 0, bounds=(bounds.min_memory_gb, bounds.max_memory_gb), unit=" GB")
    return (
        time_limit if given.has("time_limit") else None,
        memory_gb if given.has("memory_gb") else None,
    )


def _ranking(section: Section) -> Iterator[RankingMetric]:
    seen: dict[str, int] = {}
    for index in section.entries("ranking"):
        entry = section.section("ranking", index, known=RANKING_KEYS, required=RANKING_KEYS[:2])
        metric = entry.text("metric")
        direction = entry.one_of("direction", tuple(Direction), Direction.DESCENDING)
        title = entry.text("title", metric)
        if not metric:
            continue
        if not _METRIC.fullmatch(metric):
            rule = "write the keys of metrics.json with dots between them, such as 'aggregates.dice'"
            entry.problem(f"'{metric[:80]}' names no metric; {rule}", "metric")
        elif (first := seen.setdefault(metric, index)) != index:
            entry.problem(f"'{metric}' is in ranking[{first}] already", "metric")
        yield RankingMetric(metric=metric, direction=Direction(direction), title=title)
