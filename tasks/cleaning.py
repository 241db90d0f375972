"""`Cleaning`: what is asked of one cleaning, and what it did so far."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from interfaces.cleaning import Cleaned, Kind, Tally, Wanted
from interfaces.database.unneeded_records import under_way_since
from interfaces.site import Site
from interfaces.storage.unused_files import KEPT_S


@dataclass(kw_only=True)
class Cleaning:
    """One cleaning of a site, on this machine.

    Attributes:
        site: The site.
        wanted: What is asked for.
        now: When it began.
        tallies: What was removed so far, or would be.
        problems: What could not be removed, a sentence each.
    """

    site: Site
    wanted: Wanted
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    tallies: list[Tally] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def old(self) -> datetime:
        """What was not used since then is old."""
        return self.now - self.wanted.older_than

    @property
    def unused(self) -> datetime:
        """The same for what somebody may be about to use: not within a day, nor while its run goes on."""
        kept = min(self.old, self.now - timedelta(seconds=KEPT_S))
        with self.site.database.session() as session:
            running = under_way_since(session)
        return kept if running is None else min(kept, running)

    def done(self) -> Cleaned:
        """What was done."""
        return Cleaned(
            tallies=tuple(tally for tally in self.tallies if tally.count),
            problems=tuple(self.problems),
            dry_run=self.wanted.dry_run,
        )

    def add(self, kind: Kind, found: Iterable[tuple[str, int]], remove: Callable[[str], bool]) -> None:
        """Remove things one by one, unless that is only to be told.

        Args:
            kind: What they are.
            found: Their names and sizes in bytes.
            remove: Removes one; gives whether it did: it may have been used meanwhile.
        """
        tally = Tally(kind=kind)
        for name, size in found:
            try:
                if self.wanted.dry_run or remove(name):
                    tally = tally.with_one(name, size)
            except OSError as error:  # somebody else's, say
                self.problems.append(f"{name} stays: {error.strerror or error}")
        self.tallies.append(tally)


def size_of(path: Path) -> int:
    """Bytes of a file or of all files of a folder, as far as they can be read."""
    with suppress(OSError):
        if path.is_symlink() or not path.is_dir():
            return path.lstat().st_size
        return sum(size_of(one) for one in path.iterdir())
    return 0
