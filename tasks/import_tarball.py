"""Take a model or a ground truth into the file store, checked by unpacking it as jobs will have it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from interfaces.component import Component
from interfaces.database.image_records import SHOWN_DIGITS
from interfaces.database.tarball_records import list_tarballs
from interfaces.errors import ImageImportFailed, ServiceUnavailable, ValidationError
from interfaces.imports import ImportKind
from interfaces.phase import Phase
from interfaces.site import Site
from interfaces.storage.stored_file import StoredFile, sha256_of
from interfaces.tarballs import TARBALL_SUFFIX, Tarball, TarballKind, unpack
from tasks.importing import ImportSource, imported


def import_model(
    site: Site, component: Component, *, show: Callable[[str], None] = lambda line: None
) -> StoredFile | None:
    """Store the component's model; None where it has none. See `import_tarball`."""
    if component.model is None:
        return None
    return import_tarball(site, component.model, owner=component.slug, kind=TarballKind.MODEL, show=show)


def import_ground_truth(
    site: Site, phase: Phase, *, show: Callable[[str], None] = lambda line: None
) -> StoredFile | None:
    """Store the phase's ground truth; None where it has none. See `import_tarball`."""
    if phase.ground_truth is None:
        return None
    return import_tarball(site, phase.ground_truth, owner=phase.slug, kind=TarballKind.GROUND_TRUTH, show=show)


def import_tarball(
    site: Site,
    path: Path,
    *,
    owner: str,
    kind: TarballKind,
    show: Callable[[str], None] = lambda line: None,
) -> StoredFile:
    """Store a tarball, and unpack it on this machine.

    Args:
        site: Whose database knows the versions so far, and gets a record of the import.
        path: A ``.tar.gz``.
        owner: Slug of the component or phase.
        kind: What it is for.
        show: Takes one line about each step.

    Returns:
        What was stored; doing it again with the desired version does nothing.

    Raises:
        ImageImportFailed: It is no gzipped tar that can be unpacked safely, is too large, or was uploaded before.
        ServiceUnavailable: The disk is full, or the file can't be read.
    """
    _check_size(site, path, kind)
    found = sha256_of(path)
    with site.database.session() as session:
        versions = list_tarballs(session, owner, kind)
    if any(one.sha256 == found.sha256 and one.is_desired_version for one in versions):
        return found

    def work() -> StoredFile:
        refuse_repeated(versions, found.sha256)
        show(f"{owner}: unpacking the {_words(kind)} {path}")
        return _stored(site, path, kind, found)

    source = ImportSource(owner=owner, kind=ImportKind(kind.value), text=str(path), fingerprint=found.sha256)
    return imported(site, source, work, sha256_of=lambda stored: stored.sha256, show=show)


def _words(kind: TarballKind) -> str:
    return kind.value.replace("-", " ")


def _check_size(site: Site, path: Path, kind: TarballKind) -> None:
    limit = site.settings.limits.tarball_bytes
    if (size := path.stat().st_size) > limit:
        raise ImageImportFailed(
            f"the {_words(kind)} {path} has {size} bytes; at most {limit} are taken (setting limits.tarball_bytes)"
        )


def refuse_repeated(versions: Sequence[Tarball], sha256: str) -> None:
    """Refuse a tarball that equals an older version of its owner's, while another one is the desired version.

    Args:
        versions: Of one owner and kind.
        sha256: Of the tarball.

    Raises:
        ImageImportFailed: Says which version it equals, and how to choose that again.
    """
    same = next((one for one in versions if one.sha256 == sha256), None)
    if same is None or not any(one.is_desired_version for one in versions):
        return
    raise ImageImportFailed(
        f"the {_words(same.kind)} of '{same.owner}' was uploaded before, on {same.created:%Y-%m-%d}: it equals the "
        f"version {sha256[:SHOWN_DIGITS]}; choose that again with 'component-flows tarballs {same.owner} "
        f"--use {sha256[:SHOWN_DIGITS]}', or give another one"
    )


def _stored(site: Site, path: Path, kind: TarballKind, found: StoredFile) -> StoredFile:
    with site.scratch() as folder:
        copy = folder / "tarball"
        try:
            shutil.copyfile(path, copy)
        except OSError as error:
            raise ServiceUnavailable(f"the {_words(kind)} {path} can't be stored: {error.strerror or error}") from error
        # The copy is what is checked and what is kept, whatever becomes of the file meanwhile.
        if sha256_of(copy) != found:
            raise ImageImportFailed(f"the {_words(kind)} {path} changed while it was read; import it again")
        try:
            unpack(site, found.sha256, source=copy)
        except ValidationError as error:
            raise ImageImportFailed(
                f"the {_words(kind)} {path} is refused: {error}; make it with 'tar -czf'"
            ) from error
        return site.store.put(copy, suffix=TARBALL_SUFFIX, move=True, known=found)
