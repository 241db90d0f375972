"""``tarballs``: the versions of models and ground truths, and the imports that did not lead to one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from flows.commands.versions import (
    SHOWN_DIGITS,
    check_change,
    import_document,
    size_text,
    state_text,
    time_text,
    unfinished,
)

if TYPE_CHECKING:
    from interfaces.imports import Import
    from interfaces.tarballs import Tarball

COLUMNS = ["owner", "kind", "version", "state", "desired", "size", "created", "message"]


@click.command()
@click.argument("owner", required=False)
@click.option("--use", metavar="SHA", help="Make this version the one that new jobs use.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def tarballs(owner: str | None, use: str | None, as_json: bool) -> None:
    """List the versions of models and ground truths, and the imports that failed or are not finished.

    OWNER is a component or phase, SHA the start of a version's sha256.
    """
    from interfaces.database.tarball_records import choose_tarball, find_tarball
    from interfaces.site import get_site

    check_change(owner, use, what="OWNER")
    if use:
        with get_site().database.session() as session:
            tarball = find_tarball(session, owner or "", use)
            choose_tarball(session, tarball)
        click.echo(f"{tarball.owner}: new jobs use the {tarball.kind} {tarball.sha256[:SHOWN_DIGITS]}", err=as_json)
    if as_json or not use:
        _list_tarballs(owner, as_json=as_json)


def _list_tarballs(owner: str | None, *, as_json: bool) -> None:
    from flows.commands.describing import print_json
    from flows.commands.looking import print_table
    from interfaces.database.import_records import list_imports
    from interfaces.database.tarball_records import list_tarballs
    from interfaces.imports import ImportKind
    from interfaces.site import get_site

    with get_site().database.session() as session:
        versions = list_tarballs(session, owner)
        kinds = (ImportKind.MODEL, ImportKind.GROUND_TRUTH)
        imports = unfinished(list_imports(session, owner=owner, kinds=kinds))
    if as_json:
        documents = [tarball_document(tarball) for tarball in versions]
        print_json({"tarballs": documents, "imports": [import_document(one) for one in imports]})
        return
    rows = [_tarball_row(tarball) for tarball in versions]
    rows += [_import_row(one) for one in imports]
    if rows:
        print_table(COLUMNS, rows)
    else:
        click.echo("no models or ground truths yet")


def _tarball_row(tarball: Tarball) -> list[str]:
    return [
        tarball.owner,
        tarball.kind.value,
        tarball.sha256[:SHOWN_DIGITS],
        tarball.import_status.label,
        "yes" if tarball.is_desired_version else "",
        size_text(tarball.size),
        time_text(tarball.created),
        tarball.status,
    ]


def _import_row(one: Import) -> list[str]:
    digits, empty = one.sha256[:SHOWN_DIGITS] or "-", ""
    message = f"{one.source}: {one.status}" if one.status else one.source
    return [one.owner, one.kind.value, digits, state_text(one), empty, empty, time_text(one.modified), message]


def tarball_document(tarball: Tarball) -> dict[str, Any]:
    """A version of a model or ground truth as a JSON object."""
    return {
        **tarball.model_dump(mode="json", exclude={"import_status"}),
        "import_status": tarball.import_status.name,
    }
