"""Remove records that nothing needs: of old runs of graphs and of old jobs where that is asked for, and of values."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from interfaces.cleaning import Kind, Tally
from interfaces.database.in_parts import in_parts
from interfaces.database.unneeded_records import (
    Needed,
    old_graph_runs,
    old_jobs,
    remove_graph_runs,
    remove_jobs,
    remove_values,
    unneeded_values,
)
from tasks.cleaning import Cleaning


def clean_graph_runs(cleaning: Cleaning) -> list[UUID]:
    """The runs of graphs whose records went, or would go."""
    if not cleaning.wanted.graph_runs:
        return []
    with cleaning.site.database.session() as session:
        found = old_graph_runs(session, cleaning.old)
        if not cleaning.wanted.dry_run:
            remove_graph_runs(session, found)
    cleaning.tallies.append(Tally(kind=Kind.GRAPH_RUN).with_all({str(one): 0 for one in found}))
    return found


def clean_jobs(cleaning: Cleaning, kept: Needed) -> Collection[UUID]:
    """The jobs whose records went, or would go."""
    if not cleaning.wanted.records:
        return ()
    before = cleaning.unused
    with cleaning.site.database.session() as session:
        found = old_jobs(session, before, kept)
    gone: set[UUID] = set(found) if cleaning.wanted.dry_run else set()
    for some in in_parts(found) if not cleaning.wanted.dry_run else ():
        with cleaning.site.database.session() as session:
            gone |= remove_jobs(session, some, before)
    cleaning.tallies.append(Tally(kind=Kind.JOB).with_all({str(one): 0 for one in gone}))
    return gone


def clean_values(cleaning: Cleaning, kept: Needed, jobs: Collection[UUID]) -> Collection[int]:
    """The values that went, or would go."""
    before = cleaning.unused
    without = jobs if cleaning.wanted.dry_run else ()
    with cleaning.site.database.session() as session:
        found = unneeded_values(session, before, kept, without_jobs=without)
    gone = set(found) if cleaning.wanted.dry_run else set()
    for some in in_parts(found) if not cleaning.wanted.dry_run else ():
        with cleaning.site.database.session() as session:
            gone |= remove_values(session, some, before)
    cleaning.tallies.append(Tally(kind=Kind.VALUE).with_all({str(pk): 0 for pk in gone}))
    return gone
