"""Remove what is needed no more: see `interfaces.cleaning` for what that is.

Each kind is a step that finds and then removes. What is removed is looked at once more as it goes, so that jobs may
begin at any time, and doing it again goes on where it was broken off.
"""

from __future__ import annotations

from interfaces.cleaning import Cleaned, Kind, Wanted
from interfaces.containers.protocol import ContainerEngine
from interfaces.database.unneeded_records import needed
from interfaces.site import Site
from tasks.clean_files import clean_files, clean_logs, clean_tarballs
from tasks.clean_images import clean_images
from tasks.clean_records import clean_graph_runs, clean_jobs, clean_values
from tasks.cleaning import Cleaning, size_of
from tasks.sweep import lost


def cleaned(site: Site, wanted: Wanted, engine: ContainerEngine | None) -> Cleaned:
    """Remove what is needed no more, or say what that would be.

    What processes that died have left is to be reaped before; where nothing is to be removed, it is told here.

    Args:
        site: The site.
        wanted: What is asked for.
        engine: The container engine; None where none answers: what it has is left alone.

    Raises:
        ServiceUnavailable: The database can't be reached.
    """
    cleaning = Cleaning(site=site, wanted=wanted)
    if engine is None:
        cleaning.problems.append("no container engine answers: containers, volumes and images were not looked at")
    elif wanted.dry_run:
        _tell_lost(cleaning, engine)
    runs = clean_graph_runs(cleaning)
    with site.database.session() as session:
        kept = needed(session, without_graph_runs=runs)
    jobs = clean_jobs(cleaning, kept)
    if engine is not None:
        clean_images(cleaning, engine, kept)
    clean_files(cleaning, clean_values(cleaning, kept, jobs))
    clean_tarballs(cleaning)
    clean_logs(cleaning, jobs)
    return cleaning.done()


def _tell_lost(cleaning: Cleaning, engine: ContainerEngine) -> None:
    found = lost(cleaning.site, engine)
    names = [(one.name, 0) for one in found.containers]
    cleaning.add(Kind.CONTAINER, names, lambda name: False)
    cleaning.add(Kind.VOLUME, [(name, 0) for name in found.volumes], lambda name: False)
    cleaning.add(Kind.FOLDER, [(str(path), size_of(path)) for path in found.folders], lambda name: False)
