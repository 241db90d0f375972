"""``images``: the versions of container images, and the imports that did not lead to one."""

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
    from interfaces.component_images import ComponentImage
    from interfaces.containers.protocol import ContainerEngine
    from interfaces.imports import Import

COLUMNS = ["component", "version", "state", "desired", "where", "size", "created", "source", "message"]


@click.command()
@click.argument("component", required=False)
@click.option("--use", metavar="SHA", help="Make this version the one that new jobs use.")
@click.option("--remove", metavar="SHA", help="Remove this version from the engine and the registry.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def images(component: str | None, use: str | None, remove: str | None, as_json: bool) -> None:
    """List the versions of container images, and the imports that failed or are not finished.

    SHA is the start of a version's sha256.
    """
    from interfaces.engine import get_engine
    from interfaces.site import get_site
    from tasks.image_versions import chosen, removed

    check_change(component, use, remove, what="COMPONENT")
    if use:
        from flows.announcing import announce_choice

        image = chosen(get_site(), get_engine(), component or "", use)
        announce_choice(image)
        click.echo(f"{image.component}: new jobs use {image.sha256[7:][:SHOWN_DIGITS]}", err=as_json)
    elif remove:
        image, left = removed(get_site(), get_engine(), component or "", remove)
        click.echo(f"{image.component}: removed {image.sha256[7:][:SHOWN_DIGITS]}", err=as_json)
        if left:
            click.echo(f"{image.component}: {left}", err=True)
    if as_json or not (use or remove):
        _list_images(component, as_json=as_json)


def _list_images(component: str | None, *, as_json: bool) -> None:
    from flows.commands.describing import print_json
    from flows.commands.looking import print_table
    from interfaces.database.component_records import find_components
    from interfaces.database.image_records import list_images
    from interfaces.database.import_records import list_imports
    from interfaces.engine import get_engine
    from interfaces.errors import EngineUnavailable
    from interfaces.imports import ImportKind
    from interfaces.site import get_site

    try:
        engine: ContainerEngine | None = get_engine()
    except EngineUnavailable:
        engine = None
    with get_site().database.session() as session:
        versions = list_images(session, component)
        imports = unfinished(list_imports(session, owner=component, kinds=(ImportKind.IMAGE,)))
        if component is not None and not versions and not imports:
            find_components(session, [component])  # an unknown name is told with the nearest one
    if as_json:
        documents = [image_document(image, where(engine, image)) for image in versions]
        print_json({"images": documents, "imports": [import_document(one) for one in imports]})
        return
    rows = [_image_row(image, where(engine, image)) for image in versions]
    rows += [_import_row(one) for one in imports]
    if rows:
        print_table(COLUMNS, rows)
    else:
        click.echo("no container images yet")


def where(engine: ContainerEngine | None, image: ComponentImage) -> tuple[str, ...]:
    """Who has an image: ``engine``, ``registry``, both or none."""
    from interfaces.errors import EngineError

    try:
        in_engine = engine is not None and engine.image(image.sha256) is not None
    except EngineError:
        in_engine = False
    found = (("engine", in_engine), ("registry", bool(image.registry_reference)))
    return tuple(name for name, has_it in found if has_it)


def _image_row(image: ComponentImage, found: tuple[str, ...]) -> list[str]:
    return [
        image.component,
        image.sha256.removeprefix("sha256:")[:SHOWN_DIGITS],
        "Removed" if image.is_removed else image.import_status.label,
        "yes" if image.is_desired_version else "",
        " and ".join(found) or "nowhere",
        size_text(image.size),
        time_text(image.created),
        image.source,
        image.status,
    ]


def _import_row(one: Import) -> list[str]:
    digits, empty = one.sha256[7:][:SHOWN_DIGITS] or "-", ""
    return [
        one.owner,
        digits,
        state_text(one),
        *(empty, empty, empty),
        time_text(one.modified),
        one.source,
        one.status,
    ]


def image_document(image: ComponentImage, found: tuple[str, ...]) -> dict[str, Any]:
    """A version as a JSON object; `found` says who has it."""
    return {
        **image.model_dump(mode="json", exclude={"import_status"}),
        "import_status": image.import_status.name,
        "original_repo_tag": image.original_repo_tag,
        "can_execute": image.can_execute and bool(found),
        "where": list(found),
    }
