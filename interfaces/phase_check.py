"""The static check of a phase: its slugs are registered, and its evaluation takes and gives what the phase says."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from interfaces.errors import ValidationError
from interfaces.graph_ports import Definitions
from interfaces.kinds import InterfaceKindChoices
from interfaces.phase import Phase


@dataclass(frozen=True, kw_only=True)
class PhaseProblem:
    """What is wrong with a phase.

    Attributes:
        text: One sentence.
        key: The key at fault in the phase's definition, such as ``("additional_inputs", 0)``.
    """

    text: str
    key: tuple[str | int, ...]


def find_phase_problems(phase: Phase, known: Definitions) -> tuple[PhaseProblem, ...]:
    """Everything that keeps algorithms from being evaluated in a phase; empty where nothing does.

    Args:
        phase: As it was read.
        known: What it may name.
    """
    problems = tuple(_slug_problems(phase, known))
    # An unknown slug would only be told again as one that the evaluation does not take.
    return problems or tuple(_evaluation_problems(phase, known))


def _slug_problems(phase: Phase, known: Definitions) -> Iterator[PhaseProblem]:
    for index, each in enumerate(phase.algorithm_interfaces):
        yield from _unknown(each.inputs, known, "algorithm_interfaces", index, "inputs")
        yield from _unknown(each.outputs, known, "algorithm_interfaces", index, "outputs")
        for position, slug in enumerate(each.outputs):
            interface = known.interfaces.get(slug)
            if interface is not None and interface.kind == InterfaceKindChoices.DICOM_IMAGE_SET:
                yield PhaseProblem(
                    text=f"'{slug}' is a DICOM image set, which can only be an input",
                    key=("algorithm_interfaces", index, "outputs", position),
                )
    yield from _unknown(phase.additional_inputs, known, "additional_inputs")
    yield from _unknown(phase.additional_outputs, known, "additional_outputs")
    if phase.evaluation not in known.components:
        text = f"no component '{phase.evaluation}' is registered{_hint(phase.evaluation, known.components)}"
        yield PhaseProblem(text=text, key=("evaluation", "component"))


def _unknown(slugs: Collection[str], known: Definitions, *key: str | int) -> Iterator[PhaseProblem]:
    for position, slug in enumerate(slugs):
        if slug not in known.interfaces:
            text = f"no interface '{slug}' is registered{_hint(slug, known.interfaces)}"
            yield PhaseProblem(text=text, key=(*key, position))


def _hint(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, list(known), n=1)
    return f"; did you mean '{near[0]}'?" if near else "; register it first with 'component-flows register PATH'"


def _evaluation_problems(phase: Phase, known: Definitions) -> Iterator[PhaseProblem]:
    component, key = known.components[phase.evaluation], ("evaluation", "component")
    if component.model is not None and phase.ground_truth is not None:
        text = f"'{component.slug}' has a model, and a job can't have a ground truth beside it; put one into the other"
        yield PhaseProblem(text=text, key=key)
    try:
        picked = component.pick_set(phase.evaluation_inputs)
    except ValidationError as error:
        yield PhaseProblem(text=f"does not fit this phase's evaluations: {error}", key=key)
        return
    for slug in phase.evaluation_outputs:
        if slug not in picked.outputs:
            inputs = ", ".join(picked.inputs)
            yield PhaseProblem(text=f"'{component.slug}' does not write '{slug}' for the inputs ({inputs})", key=key)
