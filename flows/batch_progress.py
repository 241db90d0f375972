"""How far the cases of a batch or an evaluation are, in the terminal and in the Prefect UI."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from uuid import UUID

import httpx
from prefect.artifacts import acreate_progress_artifact, aupdate_progress_artifact
from prefect.exceptions import PrefectHTTPStatusError

from interfaces.batch_summary import Tally
from interfaces.estimates import estimate
from interfaces.reports.words import seconds_text
from tasks.in_thread import in_thread
from tasks.run_logging import run_logger

SHOWN_EVERY_S = 0.5
ARTIFACT_EVERY_S = 5.0
"""Between two updates in the Prefect UI, each of which costs the server about 8 ms."""

NOT_SHOWN = (httpx.HTTPError, PrefectHTTPStatusError)
"""What a server raises that is away; a batch goes on without showing anything there."""


@dataclass(frozen=True, kw_only=True)
class BatchProgress:
    """How far a batch is.

    Attributes:
        done: Cases that have ended, those included that had succeeded before.
        failed: Those of them that failed.
        kept: Those of them that had succeeded before.
        total: All cases.
        left_s: Seconds that the rest is expected to take, or None where nothing is known.
    """

    done: int
    failed: int
    kept: int
    total: int
    left_s: float | None

    @property
    def text(self) -> str:
        """In one line, without the time left."""
        failed = f", {self.failed} failed" if self.failed else ""
        kept = f", {self.kept} from before" if self.kept else ""
        return f"{self.done} of {self.total} cases{failed}{kept}"

    @property
    def described(self) -> str:
        """The same with the time left."""
        return f"{self.text}, about {seconds_text(self.left_s)} left" if self.left_s else self.text


Show = Callable[[BatchProgress], None]
_show: ContextVar[Show | None] = ContextVar("component_flows_batch_progress", default=None)


@contextmanager
def shown_by(show: Show) -> Iterator[None]:
    """Have batches that are run within this tell how far they are, about twice a second."""
    token = _show.set(show)
    try:
        yield
    finally:
        _show.reset(token)


@dataclass(kw_only=True)
class Clock:
    """Tells how far a batch is, and how long the rest takes.

    Attributes:
        tally: Counts the cases.
        total: How many there are.
        parallel: How many run at a time.
        components: The slugs of what each case runs.
        started: When the batch began, on the monotonic clock.
    """

    tally: Tally
    total: int
    parallel: int
    components: tuple[str, ...]
    started: float = field(default_factory=time.monotonic)
    _expected_s: float | None = None

    def expect(self) -> None:
        """Look up how long a case is expected to take, from earlier jobs: it serves until the first ones have ended."""
        known = [estimate(component) for component in self.components]
        if known and None not in known:
            self._expected_s = sum(one for one in known if one is not None)

    def now(self) -> BatchProgress:
        """How far it is."""
        tally = self.tally
        return BatchProgress(
            done=tally.done, failed=tally.failed, kept=tally.kept, total=self.total, left_s=self._left_s()
        )

    def _left_s(self) -> float | None:
        left, ran = self.total - self.tally.done, self.tally.succeeded + self.tally.failed
        if ran >= self.parallel or (ran and self._expected_s is None):
            return left * (time.monotonic() - self.started) / ran
        return None if self._expected_s is None else left * self._expected_s / min(self.parallel, max(1, left))


@asynccontextmanager
async def reported(clock: Clock, *, key: str = "batch") -> AsyncIterator[None]:
    """Show how far the cases are, until the end of the block and at it; a server that is away does not disturb it.

    Args:
        clock: Knows how far they are.
        key: Of the artifact in the Prefect UI.
    """
    await in_thread(clock.expect)
    artifact = await _created(clock.now(), key)
    reporting = asyncio.create_task(_report(clock, artifact))
    try:
        yield
    finally:
        reporting.cancel()
        with suppress(asyncio.CancelledError):
            await reporting
        _tell(clock.now())
        await _updated(artifact, clock.now())


async def _report(clock: Clock, artifact: UUID | None) -> None:
    updated = time.monotonic()
    while True:
        await asyncio.sleep(SHOWN_EVERY_S)
        _tell(clock.now())
        if time.monotonic() - updated >= ARTIFACT_EVERY_S:
            updated = time.monotonic()
            await _updated(artifact, clock.now())


def _tell(progress: BatchProgress) -> None:
    if (show := _show.get()) is not None:
        show(progress)


def _percent(progress: BatchProgress) -> float:
    return 100 * progress.done / progress.total


async def _created(progress: BatchProgress, key: str) -> UUID | None:
    try:
        return await acreate_progress_artifact(_percent(progress), key=key, description=progress.described)
    except NOT_SHOWN as error:
        run_logger().warning("The progress can't be shown in the Prefect UI: %s", error)
        return None


async def _updated(artifact: UUID | None, progress: BatchProgress) -> None:
    if artifact is None:
        return
    try:
        await aupdate_progress_artifact(artifact, _percent(progress), description=progress.described)
    except NOT_SHOWN as error:
        run_logger().warning("The progress could not be updated in the Prefect UI: %s", error)
