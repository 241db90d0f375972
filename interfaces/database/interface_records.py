"""Interfaces in the database: saving, changing what may change, finding."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from interfaces.database.inserting import insert_if_new
from interfaces.database.look_up_table_records import find_other_user, save_look_up_table, table_from_row
from interfaces.database.tables import InterfaceRow, ValueRow
from interfaces.defaults import default_interfaces
from interfaces.definition import ComponentInterface
from interfaces.edits import find_refused_edits
from interfaces.errors import UnknownName, ValidationError
from interfaces.example_value import ComponentInterfaceExampleValue
from interfaces.json_values import canonical_json
from interfaces.kinds import InterfaceKindChoices
from interfaces.overlays import overlay_segments_from


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
    }


def _is_same(one: ComponentInterface, other: ComponentInterface) -> bool:
    # In Python 1, 1.0 and True are equal; in JSON, and so in a schema, they are not.
    texts = [
        canonical_json([_columns(each), each.look_up_table and each.look_up_table.as_json()]) for each in (one, other)
    ]
    return texts[0] == texts[1]


def _example(column: list[Any]) -> ComponentInterfaceExampleValue | None:
    """An example of its column: ``[value, remark]``, with the times of its creation and last change once it has any."""
    if not column:
        return None
    value, extra_info, *times = column
    created, modified = map(datetime.fromisoformat, times) if times else (None, None)
    return ComponentInterfaceExampleValue(value=value, extra_info=extra_info, created=created, modified=modified)


def _with_times(example: list[Any], before: list[Any]) -> list[Any]:
    """The column of an example with its times; one that is as before keeps them, another one that of its creation."""
    now = datetime.now(UTC).isoformat()
    created, modified = before[2:] or (now, now)
    is_same = canonical_json(before[:2]) == canonical_json(example)
    return [*example, created, modified if is_same else now] if example else []


def from_row(row: InterfaceRow) -> ComponentInterface:
    """The record of a row."""
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
        example_value=_example(row.example_value),
        overlay_segments=overlay_segments_from(row.overlay_segments),
        look_up_table=table_from_row(row.look_up_table) if row.look_up_table else None,
    )


def save_interface(session: Session, interface: ComponentInterface) -> tuple[ComponentInterface, bool]:
    """Register an interface, or apply what changed in it.

    Returns:
        The stored record, and whether anything was written.

    Raises:
        ValidationError: As `find_refusals`; nothing was written.
    """
    known = _row(session, interface.slug)
    if known is not None and _is_same(from_row(known), interface):
        return from_row(known), False
    _lock(session, interface.slug)
    if refusals := find_refusals(session, interface):
        raise ValidationError("; ".join(f"{name} {why}" for name, why in refusals.items()))
    known = _row(session, interface.slug)
    columns = _columns(interface)
    columns["example_value"] = _with_times(columns["example_value"], known.example_value if known else [])
    table = interface.look_up_table and save_look_up_table(session, interface.look_up_table)[0]
    columns["look_up_table_pk"] = table.pk if table else None
    if known is None and not insert_if_new(session, InterfaceRow, columns, unique=["slug"]):
        return save_interface(session, interface)  # someone else was first, and may have said something else
    for name, value in columns.items() if known is not None else ():
        setattr(known, name, value)
    session.flush()
    return find_interfaces(session, [interface.slug])[interface.slug], True


def save_default_interfaces(session: Session) -> list[str]:
    """Register the default interfaces that are not; one that was edited since stays as it is.

    Returns:
        The slugs of those that are new.
    """
    known = set(session.scalars(select(InterfaceRow.slug)))
    missing = [one for one in default_interfaces() if one.slug not in known]
    return [one.slug for one in missing if not find_refusals(session, one) and save_interface(session, one)[1]]


def find_refusals(session: Session, interface: ComponentInterface) -> dict[str, str]:
    """Why an interface can't be registered, by field; empty where it can.

    A rule that it breaks by itself, a title or relative path that another one has, or, where it is registered and has
    values, a change of what those rely on (see `interfaces.edits`).
    """
    if problems := interface.find_problems():
        return {name: why.removeprefix(f"{name} ") for name, why in problems.items()}
    row = _row(session, interface.slug)
    refusals = _clashes(session, interface)
    if row is not None and session.scalar(select(ValueRow.pk).where(ValueRow.interface_pk == row.pk).limit(1)):
        refusals = find_refused_edits(from_row(row), interface) | refusals
    return refusals


def _row(session: Session, slug: str) -> InterfaceRow | None:
    query = select(InterfaceRow).where(InterfaceRow.slug == slug).execution_options(populate_existing=True)
    return session.scalars(query).one_or_none()


def _lock(session: Session, slug: str) -> None:
    """Wait for whoever changes this interface or stores a value of it, and let nobody begin before the session's end.

    SQLite has one writer at a time, and to write nothing is enough to be the one. PostgreSQL locks the row, for which
    an insert of a value, which refers to it, has to wait.
    """
    session.execute(update(InterfaceRow).where(InterfaceRow.slug == slug).values(slug=slug))
    session.execute(select(InterfaceRow.pk).where(InterfaceRow.slug == slug).with_for_update())


def _clashes(session: Session, interface: ComponentInterface) -> dict[str, str]:
    others = select(InterfaceRow.slug).where(InterfaceRow.slug != interface.slug)
    found: dict[str, str] = {}
    for name in ("title", "relative_path"):
        value = getattr(interface, name)
        if other := session.scalar(others.where(getattr(InterfaceRow, name) == value)):
            found[name] = (
                f"'{value}' is taken by the registered interface '{other}'; choose another, "
                f"or give 'slug: {other}' to change that one"
            )
    path = interface.relative_path
    above = [str(parent) for parent in PurePosixPath(path).parents]
    within = InterfaceRow.relative_path.in_(above) | InterfaceRow.relative_path.startswith(f"{path}/", autoescape=True)
    if "relative_path" not in found and (other := session.scalar(others.where(within))):
        found["relative_path"] = f"'{path}' and that of the registered interface '{other}' lie within each other"
    table = interface.look_up_table
    if table is not None and (other := find_other_user(session, table, but=interface.slug)):
        found["look_up_table"] = (
            f"'{table.title}' is shared with the registered interface '{other}', so that it can't be changed here; "
            "change it under 'look_up_tables:', or give this one another title"
        )
    return found


def find_interfaces(session: Session, slugs: Iterable[str] | None = None) -> dict[str, ComponentInterface]:
    """The registered interfaces by slug; those asked for, or all.

    Raises:
        UnknownName: One is not registered; the text names the nearest one.
    """
    query = select(InterfaceRow).execution_options(populate_existing=True)
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
