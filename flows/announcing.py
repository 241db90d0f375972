"""Tell Prefect of a version that a command has chosen, if a server is there to be told."""

from __future__ import annotations

from flows.server import client_settings, send_the_rest, status
from interfaces.component_images import ComponentImage
from tasks.announcing import announce_version


def announce_choice(image: ComponentImage) -> bool:
    """Announce an image that new jobs use from now on; see `tasks.announcing`.

    No server is started for it: automations live on one that is there.

    Returns:
        Whether a server was told.
    """
    found = status()
    if not found.running:
        return False
    with client_settings(found.url):
        announce_version(image)
        send_the_rest()
    return True
