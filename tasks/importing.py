"""An import with a record: its states, further attempts where a fault passes, and a takeover after a crash."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from filelock import FileLock

from interfaces.containers.registry import may_pass
from interfaces.database.import_records import begin_import, import_of, move_import
from interfaces.errors import ComponentFlowsError
from interfaces.import_status import ImportStatusChoices
from interfaces.imports import ImportKind, import_key
from interfaces.site import Site

T = TypeVar("T")

DELAYS_S = (1.0, 4.0, 15.0)
"""Before each further attempt; a registry or an engine that restarts is back within seconds."""


@dataclass(frozen=True, kw_only=True)
class ImportSource:
    """What is imported, for whom.

    Attributes:
        owner: Slug of the component or phase.
        kind: What it is.
        text: Where it comes from, for people.
        fingerprint: Of its content, as far as that is known beforehand.
        delays_s: Seconds before each further attempt.
    """

    owner: str
    kind: ImportKind
    text: str
    fingerprint: str
    delays_s: tuple[float, ...] = field(default=DELAYS_S)


def imported(
    site: Site,
    source: ImportSource,
    work: Callable[[], T],
    *,
    sha256_of: Callable[[T], str],
    show: Callable[[str], None] = lambda line: None,
) -> T:
    """Do an import under its record; two processes that import the same do it one after the other.

    Args:
        site: Whose database has the record.
        source: What is imported.
        work: Does it; called again after a fault of the engine or of a registry that may pass.
        sha256_of: What its result turned out to be.
        show: Takes one line about each further attempt.

    Returns:
        The work's result.

    Raises:
        ComponentFlowsError: What the work raised last; the record says it, too.
    """
    key = import_key(source.text, source.fingerprint)
    with site.database.session() as session:
        record = begin_import(session, owner=source.owner, kind=source.kind, source=source.text, key=key)
    locks = site.home / "imports"
    locks.mkdir(parents=True, exist_ok=True)
    # Held while the import is worked on and let go of by a process that dies: who has it, takes the record over.
    with FileLock(locks / f"{record.pk}.lock"):
        _take_over(site, record.pk)
        return _attempted(site, record.pk, source, work, sha256_of=sha256_of, show=show)


def _take_over(site: Site, pk: int) -> None:
    """Queue the import, whatever a process that is gone has left it at."""
    with site.database.session() as session:
        if import_of(session, pk).import_status is not ImportStatusChoices.QUEUED:
            move_import(session, pk, ImportStatusChoices.QUEUED)


def _moved(site: Site, pk: int, to: ImportStatusChoices, *, status: str = "", sha256: str | None = None) -> None:
    with site.database.session() as session:
        move_import(session, pk, to, status=status, sha256=sha256)


def _attempted(
    site: Site,
    pk: int,
    source: ImportSource,
    work: Callable[[], T],
    *,
    sha256_of: Callable[[T], str],
    show: Callable[[str], None],
) -> T:
    try:
        for delay_s in source.delays_s:
            _moved(site, pk, ImportStatusChoices.STARTED)
            try:
                result = work()
                break
            except ComponentFlowsError as error:
                if not may_pass(error):
                    raise
                _moved(site, pk, ImportStatusChoices.RETRY, status=str(error))
                show(f"{source.owner}: {error}; trying again in {delay_s:g} s")
                time.sleep(delay_s)
        else:
            _moved(site, pk, ImportStatusChoices.STARTED)
            result = work()
    except Exception as error:
        reason = str(error) if isinstance(error, ComponentFlowsError) else f"{type(error).__name__}: {error}"
        _moved(site, pk, ImportStatusChoices.FAILED, status=reason)
        raise
    except BaseException:
        _moved(site, pk, ImportStatusChoices.CANCELLED, status="it was interrupted")
        raise
    _moved(site, pk, ImportStatusChoices.COMPLETED, sha256=sha256_of(result))
    return result
