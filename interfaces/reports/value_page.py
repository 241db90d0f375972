"""The page of a value in Prefect's UI: what it is, what it looks like, and which jobs gave it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from interfaces.errors import ComponentFlowsError
from interfaces.previews.json_values import MAX_CHARACTERS, MAX_LINES
from interfaces.previews.record import Preview
from interfaces.previews.texts import markdown_code
from interfaces.reports.image_page import image_key
from interfaces.reports.markdown_parts import facts_table, link, plain, table
from interfaces.reports.record import Links
from interfaces.reports.words import bytes_text, digest_text, time_text
from interfaces.value import ComponentInterfaceValue

_LOOKED_AT_BYTES = 8 * MAX_CHARACTERS
"""JSON that is longer is never shown whole, however it is written."""


@dataclass(frozen=True, kw_only=True)
class Giver:
    """A job that gave a value.

    Attributes:
        job: Its id.
        component: Its component.
        image: SHA-256 of its container image.
        flow_run_id: Its Prefect run.
        created: When it was made.
    """

    job: UUID
    component: str
    image: str
    flow_run_id: UUID | None
    created: datetime


def needs_page(value: ComponentInterfaceValue) -> bool:
    """Whether a value has a page of its own: images and files have; JSON has if its job's page can't show it whole."""
    if not value.interface.is_json_kind or value.size_in_storage > _LOOKED_AT_BYTES:
        return True
    if value.size_in_storage < MAX_LINES:
        return False  # however it is written, it has fewer lines than that
    try:
        content = value.value
    except (ComponentFlowsError, OSError):
        return True  # it is not there any more; its page says so
    text = content if isinstance(content, str) else json.dumps(content, indent=2, ensure_ascii=False)
    return len(text) > MAX_CHARACTERS or text.count("\n") >= MAX_LINES


def value_key(value: ComponentInterfaceValue) -> str:
    """The key of the artifact that is a value's page.

    With the beginning of its SHA-256, since the values of several sites with one Prefect server have the same numbers.
    """
    return f"value-{value.pk}-{digest_text(value.sha256)}"


def value_page(
    value: ComponentInterfaceValue,
    preview: Preview | None,
    givers: Sequence[Giver],
    links: Links,
    *,
    now: datetime,
    by: UUID | None = None,
) -> str:
    """What is known of a value.

    Args:
        value: The value.
        preview: What it looks like; None where there was no time or room for one.
        givers: The jobs that gave the same content, the latest first.
        links: Where the UI has what the page names.
        now: When it is written.
        by: The run that writes it.
    """
    return "\n\n".join(_parts(value, preview, givers, links, now, by)) + "\n"


def _parts(
    value: ComponentInterfaceValue,
    preview: Preview | None,
    givers: Sequence[Giver],
    links: Links,
    now: datetime,
    by: UUID | None,
) -> Iterator[str]:
    yield facts_table(_facts(value))
    yield "## Preview"
    if preview is not None:
        yield preview.as_markdown()
    else:
        yield "There was no time or room for one here; this makes it:"
    yield markdown_code(f"component-flows preview {value.pk}")
    yield "## Where it comes from"
    if givers:
        yield "These jobs gave it, the latest first:"
        yield table(["job", "component", "image", "created"], [_row(giver, links) for giver in givers])
    else:
        yield "No job of this site gave it: it came in as an input."
    yield f"So it was at {time_text(now)}, when {link('a run', links.run(by))} wrote this page."


def _facts(value: ComponentInterfaceValue) -> list[tuple[str, str]]:
    interface, size = value.interface, bytes_text(value.size_in_storage)
    return [
        ("Value", str(value.pk)),
        ("Interface", f"{interface.title} ({interface.slug})"),
        ("Kind", interface.kind.label),
        ("Name", value.name),
        ("Size", size if size.endswith("bytes") else f"{size} ({value.size_in_storage:,} bytes)"),
        ("Files", f"{len(value.files):,}" if value.is_folder else ""),
        ("SHA-256", value.sha256),
    ]


def _row(giver: Giver, links: Links) -> list[str]:
    return [
        link(plain(str(giver.job)[:8]), links.run(giver.flow_run_id)),
        plain(giver.component),
        link(digest_text(giver.image), links.artifact(image_key(giver.component, giver.image))),
        plain(time_text(giver.created)),
    ]
