"""Interfaces in the database: saving, changing what may change, finding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from interfaces.database.tables import InterfaceRow, ValueRow
from interfaces.definition import ComponentInterface, ComponentInterfaceExampleValue
from interfaces.errors import UnknownName, ValidationError
from interfaces.kinds import InterfaceKindChoices
from interfaces.overlays import LookUpTable, check_growth, overlay_segments_from

FROZEN_BY_VALUES = ("kind", "relative_path", "store_in_database", "schema")
"""Fields that stored values rely on."""


def _wrapped(value: Any) -> list[Any]:
    return [] if value is None else [value]


def _unwrapped(column: list[Any]) -> Any:
    return column[0] if column else None


def _columns(interface: ComponentInterface) -> dict[str, Any]:
    example = interface.example_value
    return {
        "slug": interface.slug,
        "title": interface.title,
        "relative_path": interface.relative_path,
        "kind": interface.kind.value,
        "description": interface.description,
        "store_in_database": bool(interface.store_in_database),
        "schema": _wrapped(interface.schema),
        "default_value": _wrapped(interface.default_value),
        "example_value": [] if example is None else [example.value, example.extra_info],
        "overlay_segments": interface.overlay_segments_json,
        "look_up_table": _wrapped(interface.look_up_table and interface.look_up_table.as_json()),
    }


def from_row(row: InterfaceRow) -> ComponentInterface:
    """The record of a row."""
    table = _unwrapped(row.look_up_table)
    return ComponentInterface(
        pk=row.pk,
        slug=row.slug,
        title=row.title,
        relative_path=row.relative_path,
        kind=InterfaceKindChoices(row.kind),
        description=row.description,
        store_in_database=row.store_in_database,
        schema=_unwrapped(row.schema),
        default_value=_unwrapped(row.default_value),
        example_value=ComponentInterfaceExampleValue(value=row.example_value[0], extra_info=row.example_value[1])
        if row.example_value
        else None,
        overlay_segments=overlay_segments_from(row.overlay_segments),
        look_up_table=LookUpTable(**table) if table else None,
    )


def save_interface(session: Session, interface: ComponentInterface) -> tuple[ComponentInterface, bool]:
    """Register an interface, or apply what changed in it.

    Returns:
        The stored record, and whether anything was written.

    Raises:
        ValidationError: It breaks a rule, shares a title or relative path with another, or changes what stored values
            rely on.
    """
    interface.clean()
    _check_unique(session, interface)
    row = session.scalar(select(InterfaceRow).where(InterfaceRow.slug == interface.slug))
    if row is None:
        row = InterfaceRow(**_columns(interface))
        session.add(row)
        session.flush()
        return replace(interface, pk=row.pk), True
    old = from_row(row)
    interface = replace(interface, pk=row.pk)
    if old == interface:
        return interface, False
    if session.scalar(select(func.count()).select_from(ValueRow).where(ValueRow.interface_pk == row.pk)):
        _check_change(old, interface)
    for name, value in _columns(interface).items():
        setattr(row, name, value)
    return interface, True


def _check_unique(session: Session, interface: ComponentInterface) -> None:
    for name in ("title", "relative_path"):
        other = session.scalar(
            select(InterfaceRow.slug).where(
                getattr(InterfaceRow, name) == getattr(interface, name), InterfaceRow.slug != interface.slug
            )
        )
        if other:
            raise ValidationError(
                f"{name} '{getattr(interface, name)}' is taken by the registered interface '{other}'; choose another"
            )


def _check_change(old: ComponentInterface, new: ComponentInterface) -> None:
    for name in FROZEN_BY_VALUES:
        if getattr(old, name) != getattr(new, name):
            raise ValidationError(
                f"{name} of the interface '{old.slug}' can't be changed, since values exist for it; "
                "register a new interface instead"
            )
    check_growth(old.overlay_segments, new.overlay_segments)


def find_interfaces(session: Session, slugs: Iterable[str] | None = None) -> dict[str, ComponentInterface]:
    """The registered interfaces by slug; those asked for, or all.

    Raises:
        UnknownName: One is not registered; the text names the nearest one.
    """
    query = select(InterfaceRow)
    wanted = None if slugs is None else set(slugs)
    if wanted is not None:
        query = query.where(InterfaceRow.slug.in_(wanted))
    found = {row.slug: from_row(row) for row in session.scalars(query)}
    if wanted is not None and (missing := sorted(wanted - set(found))):
        raise unknown("interface", missing[0], session.scalars(select(InterfaceRow.slug)).all())
    return found


def unknown(what: str, name: str, known: Iterable[str]) -> UnknownName:
    """The error for a name that is not registered, with the nearest one."""
    near = get_close_matches(name, list(known), n=1)
    hint = f"; did you mean '{near[0]}'?" if near else "; register it first with 'component-flows register PATH'"
    return UnknownName(f"no {what} '{name}' is registered{hint}")
