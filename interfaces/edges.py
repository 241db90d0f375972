"""Whether a value of one interface can be handed on to another: decided before anything runs."""

from __future__ import annotations

from collections.abc import Mapping

from interfaces.definition import ComponentInterface, JsonSchema
from interfaces.json_schemas import kind_schema
from interfaces.kinds import InterfaceKindChoices as Kind
from interfaces.schema_proofs import why_unproven

# Nothing is asked of an image or a heat map but that it is one image, which is no DICOM series.
_ONE_IMAGE = frozenset({Kind.IMAGE, Kind.HEAT_MAP})
_FITS_INTO: Mapping[Kind, frozenset[Kind]] = {
    Kind.IMAGE: _ONE_IMAGE,
    Kind.HEAT_MAP: _ONE_IMAGE,
    Kind.SEGMENTATION: _ONE_IMAGE,
    Kind.DISPLACEMENT_FIELD: _ONE_IMAGE,
}
"""Image kinds whose every value is a value of other kinds, too."""


def interfaces_compatible(output: ComponentInterface, input: ComponentInterface) -> str | None:
    """Whether every value of `output` is a value of `input`.

    Args:
        output: Where a value comes from: an output of a component, or an input of a graph.
        input: Where it goes to: an input of a component.

    Returns:
        None if every value provably fits, else the reason why not, in one sentence.
    """
    if output.is_json_kind and input.is_json_kind:
        return _json_reason(output, input)
    if input.kind != output.kind and input.kind not in _FITS_INTO.get(output.kind, frozenset()):
        return _kinds_reason(output, input)
    return _segments_reason(output, input) if input.kind == Kind.SEGMENTATION else None


def _kinds_reason(output: ComponentInterface, input: ComponentInterface) -> str:
    return f"'{output.slug}' is of the kind {output.kind.label}, but '{input.slug}' takes {input.kind.label}"


def _json_reason(output: ComponentInterface, input: ComponentInterface) -> str | None:
    is_other = input.kind not in (output.kind, Kind.ANY)
    # The schema of charts refers to itself, so that nothing else can be proven to be one.
    if is_other and (input.kind == Kind.CHART or why_schema_unproven(output, kind_schema(input.kind))):
        return _kinds_reason(output, input)
    gap = why_schema_unproven(output, input.schema)
    return f"a value of '{output.slug}' need not satisfy the schema of '{input.slug}': {gap}" if gap else None


def why_schema_unproven(output: ComponentInterface, schema: JsonSchema | None) -> str | None:
    """Why a JSON value of an interface need not satisfy a schema; None where every one provably does."""
    return None if schema is None else why_unproven(_known_schemas(output), schema)


def _known_schemas(output: ComponentInterface) -> list[JsonSchema]:
    # The schema of charts is huge, and at its top there is nothing to reason with.
    known: list[JsonSchema] = [kind_schema(output.kind)] if output.kind != Kind.CHART else []
    return known if output.schema is None else [*known, output.schema]


def _segments_reason(output: ComponentInterface, input: ComponentInterface) -> str | None:
    allowed = {0, *(segment.voxel_value for segment in input.overlay_segments)}
    extra = [segment for segment in output.overlay_segments if segment.voxel_value not in allowed]
    if not extra:
        return None
    shown = ", ".join(f"{segment.voxel_value} ({segment.name})" for segment in extra[:5])
    more = f" and {len(extra) - 5} more" if len(extra) > 5 else ""
    return f"'{output.slug}' has voxel values that '{input.slug}' has no overlay segment for: {shown}{more}"
