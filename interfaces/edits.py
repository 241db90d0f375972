"""What may be changed in an interface that is registered: one row a field, before and after it has values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from interfaces.definition import ComponentInterface
from interfaces.edges import why_schema_unproven
from interfaces.errors import ValidationError
from interfaces.json_values import canonical_json
from interfaces.overlays import check_growth

Rule = Callable[[ComponentInterface, ComponentInterface], None]
"""Raises `ValidationError` where the new interface breaks what stored values of the old one rely on."""


@dataclass(frozen=True, kw_only=True)
class Edit:
    """Whether a field may be changed by registering its definition again.

    Attributes:
        before: Whether it may be while no value is stored, for the documentation.
        after: Whether it may be once values exist, for the documentation.
        rule: The check once values exist; None where any change will do.
    """

    before: str
    after: str
    rule: Rule | None = None


def _frozen(field: str) -> Rule:
    def rule(old: ComponentInterface, new: ComponentInterface) -> None:
        if getattr(old, field) != getattr(new, field):
            raise ValidationError(
                f"can't be changed from {_shown(getattr(old, field))} to {_shown(getattr(new, field))}, since values "
                f"of '{old.slug}' are stored; change it back, or define another interface"
            )

    return rule


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f"'{getattr(value, 'label', value)}'"


def _relaxed(old: ComponentInterface, new: ComponentInterface) -> None:
    if why := why_schema_unproven(old, new.schema):
        raise ValidationError(
            f"can only be changed to one that every value of '{old.slug}' satisfies, since some are stored, but {why}"
        )


def _grown(old: ComponentInterface, new: ComponentInterface) -> None:
    check_growth(old.overlay_segments, new.overlay_segments)


_FREE = Edit(before="yes", after="yes")

INTERFACE_EDITS: Mapping[str, Edit] = MappingProxyType(
    {
        "slug": Edit(before="no: another slug is another interface", after="no: another slug is another interface"),
        "title": Edit(
            before="yes, if `slug` is given as it was: else another title is another interface",
            after="yes, if `slug` is given as it was: else another title is another interface",
        ),
        "description": _FREE,
        "kind": Edit(before="yes", after="no", rule=_frozen("kind")),
        "relative_path": Edit(before="yes", after="no", rule=_frozen("relative_path")),
        "store_in_database": Edit(before="yes", after="no", rule=_frozen("store_in_database")),
        "schema": Edit(
            before="yes",
            after="only to one that every value of the old one provably satisfies; leaving it out always will do",
            rule=_relaxed,
        ),
        "overlay_segments": Edit(
            before="yes", after="segments may be added, in any place; none may be changed or removed", rule=_grown
        ),
        "look_up_table": _FREE,
        "default_value": _FREE,
        "example_value": _FREE,
    }
)
"""Every field of an interface that a person writes. What is not allowed is refused as a whole: nothing is applied."""


def find_refused_edits(old: ComponentInterface, new: ComponentInterface) -> dict[str, str]:
    """What may not be changed any more, by field, in an interface that has values; empty where all may."""
    refused: dict[str, str] = {}
    for field, edit in INTERFACE_EDITS.items():
        try:
            if edit.rule is not None:
                edit.rule(old, new)
        except ValidationError as error:
            refused[field] = str(error)
    return refused


def find_outdated(read: ComponentInterface, stored: ComponentInterface) -> str | None:
    """The first field for which a value that was checked against `read` need not be one of `stored`; None if all fit.

    Args:
        read: An interface as it was read before.
        stored: The same interface as it is registered now.
    """
    for field in ("slug", "kind", "relative_path", "store_in_database"):
        if getattr(read, field) != getattr(stored, field):
            return field
    # Nearly always they are the same, and this is asked for every value.
    is_same = canonical_json(read.schema) == canonical_json(stored.schema)
    if not is_same and why_schema_unproven(read, stored.schema):
        return "schema"
    labels = {segment.voxel_value for segment in read.overlay_segments}
    return None if labels <= {segment.voxel_value for segment in stored.overlay_segments} else "overlay_segments"
