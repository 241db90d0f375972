"""Phases among the definitions that are registered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy.orm import Session

from interfaces.catalogue.reading import Catalogue
from interfaces.database.component_records import desired_tarball, save_tarball
from interfaces.database.phase_records import find_phases, save_phase
from interfaces.errors import DefinitionError
from interfaces.graph_ports import Definitions
from interfaces.phase import Phase
from interfaces.phase_check import find_phase_problems
from interfaces.storage.stored_file import StoredFile
from interfaces.tarballs import TarballKind


def phase_errors(session: Session, catalogue: Catalogue, known: Definitions) -> Iterator[DefinitionError]:
    """What is wrong with the phases that were read, with file, line and key.

    Args:
        session: An open session.
        catalogue: What was read.
        known: What is registered, with what was read.
    """
    registered = find_phases(session)
    for phase in catalogue.phases:
        for slug, other in registered.items():
            if other.title == phase.title and slug != phase.slug:
                yield catalogue.error(phase, f"the phase '{slug}' has the same title; choose another", "title")
        if phase.slug in known.components:
            # They would share the versions of their tarballs.
            yield catalogue.error(phase, f"a component '{phase.slug}' is registered; choose another title")
        for problem in find_phase_problems(phase, known):
            yield catalogue.error(phase, problem.text, *problem.key)


def save_phases(
    session: Session, phases: Sequence[Phase], ground_truths: Mapping[str, StoredFile | None]
) -> Iterator[str]:
    """Register phases with their ground truths; gives ``phase SLUG`` or ``ground truth SLUG`` for what changed."""
    for phase in phases:
        if save_phase(session, phase):
            yield f"phase {phase.slug}"
        found = ground_truths[phase.slug]
        before = desired_tarball(session, owner=phase.slug, kind=TarballKind.GROUND_TRUTH)
        after = save_tarball(
            session,
            owner=phase.slug,
            kind=TarballKind.GROUND_TRUTH,
            sha256=found.sha256 if found else None,
            size=found.size if found else 0,
        )
        if (before and before.sha256) != (after and after.sha256):
            yield f"ground truth {phase.slug}"
