"""Remove files that nothing needs: stored ones that no record names, unpacked models, logs of old jobs."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp
from uuid import UUID

from filelock import FileLock, Timeout

from interfaces.cleaning import Kind
from interfaces.database.in_parts import in_parts
from interfaces.database.tarball_records import list_tarballs
from interfaces.database.unneeded_records import desired_or_running_tarballs, ended_before
from interfaces.owners import owned_name
from interfaces.site import Site
from interfaces.storage.unused_files import KEPT_S, let_go, old_files
from interfaces.storage_use import contents, folders
from interfaces.tarballs import TARBALL_SUFFIX
from tasks.cleaning import Cleaning, size_of


def clean_files(cleaning: Cleaning, values: Collection[int]) -> None:
    """Remove stored files that no record names.

    Args:
        cleaning: The cleaning.
        values: Those that went, or would go.
    """
    store, before = cleaning.site.store, cleaning.unused.timestamp()
    found = {file.name: file for file in old_files(store.folder, before)}
    # Read after what lies there: a file that is named by then stays, and one that was put since is not among the old.
    names = _named_files(cleaning.site, without=values)
    unnamed = [(name, file.size) for name, file in found.items() if name not in names]
    cleaning.add(Kind.FILE, unnamed, lambda name: let_go(store.folder, found[name], before, incoming=store.incoming))


def _named_files(site: Site, *, without: Collection[int]) -> set[str]:
    """Where the files lie that records name, but for some values', below the store's folder."""
    with site.database.session() as session:
        names = {f"{sha256[:2]}/{sha256}{suffix}" for (sha256, suffix), _ in contents(session, without=without)}
        names |= {f"{one.sha256[:2]}/{one.sha256}{TARBALL_SUFFIX}" for one in list_tarballs(session)}
        names |= {f"folders/{sha256[:2]}/{sha256}" for sha256 in folders(session, without=without)}
    return names


def clean_tarballs(cleaning: Cleaning) -> None:
    """Unpacked models and ground truths that no job needs: the packed ones stay, and are unpacked when they are."""
    folder, before = cleaning.site.home / "tarballs", min(cleaning.old, cleaning.now - timedelta(seconds=KEPT_S))
    there = [path for path in folder.glob("*") if len(path.name) == 64 and path.is_dir()]
    old = {path.name: path for path in there if path.stat().st_mtime < before.timestamp()}
    with cleaning.site.database.session() as session:
        wanted = desired_or_running_tarballs(session, old)
    sizes = ((name, size_of(path)) for name, path in old.items() if name not in wanted)
    cleaning.add(Kind.UNPACKED, sizes, lambda name: _removed_tarball(cleaning.site, old[name]))


def _removed_tarball(site: Site, path: Path) -> bool:
    with suppress(Timeout), FileLock(f"{path}.lock", blocking=False):  # as who unpacks it holds
        site.scratch_folder.mkdir(parents=True, exist_ok=True)
        away = Path(mkdtemp(dir=site.scratch_folder, prefix=owned_name())) / path.name
        path.rename(away)
        with site.database.session() as session:
            is_wanted = bool(desired_or_running_tarballs(session, [path.name]))
        if is_wanted:  # by a job that began in between
            away.rename(path)
        shutil.rmtree(away.parent, ignore_errors=True)
        return not is_wanted
    return False


def clean_logs(cleaning: Cleaning, jobs: Collection[UUID]) -> None:
    """Remove what containers of jobs wrote that ended long ago, whose records went, or that are known no more."""
    cleaning.add(Kind.LOG, _old_logs(cleaning, jobs), lambda name: _unlinked(Path(name)))


def _old_logs(cleaning: Cleaning, jobs: Collection[UUID]) -> Iterator[tuple[str, int]]:
    recent = (cleaning.now - timedelta(seconds=KEPT_S)).timestamp()
    for some in in_parts(list(_logs(cleaning.site.home / "logs"))):
        with cleaning.site.database.session() as session:
            old, unknown = ended_before(session, {job_id for job_id, _ in some}, cleaning.old)
        for job_id, path in some:
            with suppress(FileNotFoundError):
                stat = path.stat()
                if job_id in old or job_id in jobs or (job_id in unknown and stat.st_mtime < recent):
                    yield str(path), stat.st_size


def _logs(folder: Path) -> Iterator[tuple[UUID, Path]]:
    for path in folder.glob("[0-9a-f][0-9a-f]/*.std*"):
        with suppress(ValueError):
            yield UUID(path.stem), path


def _unlinked(path: Path) -> bool:
    try:
        path.unlink()
    except OSError:
        return False
    return True
