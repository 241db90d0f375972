"""Whether a value of one interface can be handed on to another: decided before anything runs."""

from __future__ import annotations

from interfaces.definition import ComponentInterface
from interfaces.kinds import InterfaceKindChoices as Kind

_FITS_INTO: dict[Kind, frozenset[Kind]] = {
    Kind.INTEGER: frozenset({Kind.FLOAT}),
    Kind.CHOICE: frozenset({Kind.STRING}),
    Kind.STRING: frozenset({Kind.CHOICE}),
    Kind.SEGMENTATION: frozenset({Kind.IMAGE, Kind.HEAT_MAP}),
    Kind.HEAT_MAP: frozenset({Kind.IMAGE}),
    Kind.IMAGE: frozenset({Kind.HEAT_MAP}),
    Kind.DISPLACEMENT_FIELD: frozenset({Kind.IMAGE, Kind.HEAT_MAP}),
}
"""Kinds whose every value is a value of other kinds, besides JSON kinds, which all fit into Anything."""


def interfaces_compatible(output: ComponentInterface, input: ComponentInterface) -> str | None:
    """Whether every value of `output` is a value of `input`.

    Returns:
        None if so, else the reason why that is not sure, in one sentence.
    """
    if output.slug == input.slug:
        return None
    names = f"'{output.slug}' ({output.kind.label}) and '{input.slug}' ({input.kind.label})"
    same_kind = output.kind == input.kind or input.kind in _FITS_INTO.get(output.kind, frozenset())
    if not same_kind and not (output.is_json_kind and input.kind == Kind.ANY):
        return f"{names} have kinds that don't fit"
    if input.schema is not None and input.schema != output.schema:
        return f"{names} have different schemas, so that a value of the first need not satisfy the second"
    if input.kind == Kind.SEGMENTATION:
        known = {segment.voxel_value for segment in input.overlay_segments}
        extra = sorted({segment.voxel_value for segment in output.overlay_segments} - known - {0})
        if extra:
            return f"{names} have different segments: the second lacks the voxel value {extra[0]}"
    return None
