"""Remove what processes left on this machine that live no more: containers, volumes, folders."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from interfaces.containers.protocol import DEADLINE_LABEL, ContainerEngine, LeftContainer
from interfaces.database.lease_records import Lease, leases
from interfaces.owners import Owner, is_orphan
from interfaces.site import Site
from tasks.naming import JOB_LABEL, OWNER_LABEL, ROLE_LABEL, SITE_LABEL, WARM


@dataclass(frozen=True, kw_only=True)
class Swept:
    """What was removed.

    Attributes:
        containers: Names of containers.
        volumes: Names of volumes.
        folders: Folders and files of this machine.
    """

    containers: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    folders: tuple[Path, ...] = ()

    def __bool__(self) -> bool:
        """Whether there was anything."""
        return bool(self.containers or self.volumes or self.folders)


@dataclass(frozen=True, kw_only=True)
class Lost:
    """What belongs to nobody that lives.

    Attributes:
        containers: Of the engine.
        volumes: Their names.
        folders: Folders and files of this machine.
    """

    containers: tuple[LeftContainer, ...]
    volumes: tuple[str, ...]
    folders: tuple[Path, ...]


def lost(site: Site, engine: ContainerEngine) -> Lost:
    """Find what belongs to nobody that lives; nothing of other sites on the same engine is among it.

    Raises:
        EngineError: The engine broke off.
    """
    # What is there is looked up before who owns it: a job that begins in between is not taken for an orphan.
    left = engine.leftovers({SITE_LABEL: site.id})
    folders = list(site.jobs_folder.iterdir()) if site.jobs_folder.is_dir() else []
    with site.database.session() as session:
        held = {lease.job_id: lease for lease in leases(session) if not lease.is_over()}
    return Lost(
        containers=tuple(one for one in left.containers if _is_lost(one.labels, held) or _is_overdue(one)),
        volumes=tuple(name for name, labels in left.volumes.items() if _is_lost(labels, held)),
        folders=(*(folder for folder in folders if _uuid(folder.name) not in held), *_orphans(site)),
    )


def sweep(site: Site, engine: ContainerEngine) -> Swept:
    """Remove what is lost.

    Jobs whose processes died are to be settled first: what their containers have done is lost with them.

    Raises:
        EngineError: The engine broke off.
    """
    found = lost(site, engine)
    for container in found.containers:
        engine.remove_container(container.id)
    for name in found.volumes:
        engine.remove_volume(name)
    for path in found.folders:
        _remove(path)
    names = tuple(container.name for container in found.containers)
    return Swept(containers=names, volumes=found.volumes, folders=found.folders)


def _is_lost(labels: Mapping[str, str], held: Mapping[UUID, Lease]) -> bool:
    owner = Owner.from_text(labels.get(OWNER_LABEL, ""))
    alive = owner.is_alive() if owner is not None else None
    if alive is None:  # its process can't be looked at from here
        if labels.get(ROLE_LABEL) == WARM:
            return False  # it has no job whose lease could tell; its deadline ends it
        return _uuid(labels.get(JOB_LABEL, "")) not in held
    return not alive


def _is_overdue(container: LeftContainer) -> bool:
    try:
        return datetime.fromisoformat(container.labels[DEADLINE_LABEL]) < datetime.now(UTC)
    except (KeyError, ValueError):
        return False


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _orphans(site: Site) -> Iterator[Path]:
    for folder in (site.scratch_folder, site.store.incoming):
        if folder.is_dir():
            yield from (path for path in folder.iterdir() if is_orphan(path.name))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()
