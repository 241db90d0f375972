"""Phases in the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from interfaces.component import InterfaceSet
from interfaces.database.definition_records import find_definitions, save_definition
from interfaces.database.evaluation_tables import PhaseRow
from interfaces.phase import Direction, PerAlgorithm, Phase, RankingBy, RankingMetric


def _phase_json(phase: Phase) -> dict[str, Any]:
    data = asdict(phase)
    data["ground_truth"] = str(phase.ground_truth) if phase.ground_truth else None
    for key in ("additional_inputs", "additional_outputs", "ranking"):
        data[key] = list(data[key])
    data["algorithm_interfaces"] = [
        {"inputs": list(each.inputs), "outputs": list(each.outputs)} for each in phase.algorithm_interfaces
    ]
    return data


def _phase(definition: dict[str, Any]) -> Phase:
    return Phase(
        **{
            **definition,
            "algorithm_interfaces": tuple(
                InterfaceSet(inputs=tuple(each["inputs"]), outputs=tuple(each["outputs"]))
                for each in definition["algorithm_interfaces"]
            ),
            "ground_truth": Path(definition["ground_truth"]) if definition["ground_truth"] else None,
            "additional_inputs": tuple(definition["additional_inputs"]),
            "additional_outputs": tuple(definition["additional_outputs"]),
            "ranking": tuple(
                RankingMetric(**{**one, "direction": Direction(one["direction"])}) for one in definition["ranking"]
            ),
            "ranking_by": RankingBy(definition["ranking_by"]),
            "per_algorithm": PerAlgorithm(definition["per_algorithm"]),
        }
    )


def save_phase(session: Session, phase: Phase) -> bool:
    """Register a phase, or apply what changed; gives whether anything was written."""
    return save_definition(session, PhaseRow, slug=phase.slug, title=phase.title, definition=_phase_json(phase))


def find_phases(session: Session, slugs: Iterable[str] | None = None) -> dict[str, Phase]:
    """The registered phases by slug; those asked for, or all.

    Raises:
        UnknownName: One is not registered.
    """
    return {row.slug: _phase(row.definition) for row in find_definitions(session, PhaseRow, slugs, what="phase")}
