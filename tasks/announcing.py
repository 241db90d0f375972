"""Events by which Prefect's automations learn that new jobs of a component use another version of its image."""

from __future__ import annotations

from collections.abc import Iterable

from prefect.events import emit_event

from interfaces.component_images import ComponentImage
from interfaces.database.graph_records import desired_images
from interfaces.site import get_site

DESIRED_VERSION_EVENT = "component-flows.image.desired"
"""Its resource is the component; its payload has `component` (slug), `version` (12 digits), `sha256` and `source`."""

SHOWN_DIGITS = 12


def component_resource(slug: str) -> str:
    """The `prefect.resource.id` of a component in events."""
    return f"component-flows.component.{slug}"


def announce_version(image: ComponentImage) -> None:
    """Tell Prefect that an image is now the one that new jobs use; it is sent in the background."""
    emit_event(
        event=DESIRED_VERSION_EVENT,
        resource={
            "prefect.resource.id": component_resource(image.component),
            "prefect.resource.name": image.component,
            "component-flows.site": get_site().id,
        },
        payload={
            "component": image.component,
            "version": image.sha256.removeprefix("sha256:")[:SHOWN_DIGITS],
            "sha256": image.sha256,
            "source": image.source,
        },
    )


def announce_changed(changed: Iterable[str]) -> None:
    """Tell it of each ``image slug`` among what a registration has changed; see `tasks.register.Registered`."""
    slugs = [name.removeprefix("image ") for name in changed if name.startswith("image ")]
    if not slugs:
        return
    with get_site().database.session() as session:
        images = desired_images(session, slugs)
    for slug in slugs:
        announce_version(images[slug])
