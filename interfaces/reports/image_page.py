"""The page of a version of a container image in Prefect's UI."""

from __future__ import annotations

from datetime import datetime

from interfaces.component_images import ComponentImage
from interfaces.previews.texts import markdown_code
from interfaces.reports.markdown_parts import facts_table, link
from interfaces.reports.words import bytes_text, digest_text, time_text


def image_key(component: str, sha256: str) -> str:
    """The key of the artifact that is the page of an image version."""
    return f"image-{component}-{digest_text(sha256)}"


def image_page(image: ComponentImage, *, now: datetime, address: str = "") -> str:
    """What is known of a version of a container image.

    Args:
        image: The version.
        now: When the page is written: which version new jobs use can change.
        address: Of the run that writes it, or "".
    """
    facts = [
        ("Component", image.component),
        ("Image", image.sha256),
        ("From", image.source),
        ("Size", bytes_text(image.size)),
        ("User", image.user),
        ("In the registry", image.registry_reference),
        ("Registered", time_text(image.created)),
        ("New jobs", "use it" if image.is_desired_version else "use another version"),
    ]
    commands = f"component-flows images {image.component}\ncomponent-flows stats {image.component}"
    return (
        f"{facts_table(facts)}\n\nSo it was at {time_text(now)}, when {link('a run', address)} wrote this page.\n\n"
        f"Its other versions, and how its jobs went:\n\n{markdown_code(commands)}\n"
    )
