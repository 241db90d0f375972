"""Take a component's model into the file store."""

from __future__ import annotations

import tarfile

from interfaces.component import Component
from interfaces.errors import ImageImportFailed
from interfaces.site import Site
from interfaces.storage.file_store import StoredFile, sha256_of
from interfaces.tarballs import TARBALL_SUFFIX


def import_model(site: Site, component: Component) -> StoredFile | None:
    """Store the component's model; None where it has none.

    Raises:
        ImageImportFailed: It is no gzipped tar.
    """
    if component.model is None:
        return None
    try:
        with tarfile.open(component.model, "r:gz") as archive:
            archive.next()
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ImageImportFailed(
            f"the model {component.model} is no .tar.gz that can be read ({error}); make it with 'tar -czf'"
        ) from error
    return site.store.put(component.model, suffix=TARBALL_SUFFIX, known=sha256_of(component.model))
