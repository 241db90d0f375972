"""Earlier successes in place of runs: the same work over the same inputs gives its outputs again at once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from anyio.lowlevel import RunVar
from sqlalchemy.orm import Session

from interfaces.cache_keys import Work
from interfaces.component import Component
from interfaces.component_images import ComponentImage
from interfaces.database.component_records import desired_image, desired_tarball, find_components
from interfaces.database.interface_records import find_interfaces
from interfaces.database.job_records import load_jobs
from interfaces.database.unneeded_records import renewed_jobs
from interfaces.database.work_records import successes
from interfaces.definition import ComponentInterface
from interfaces.errors import InvalidInputs, UnknownName
from interfaces.jobs import ComponentJob
from interfaces.site import get_site
from interfaces.tarballs import Tarball, TarballKind
from tasks.in_thread import in_thread
from tasks.misses import DID_NOT_RUN, explained, lost_outputs
from tasks.run_logging import run_logger
from tasks.validate_inputs import inputs_of, read_inputs


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A run that may have an earlier success.

    Attributes:
        component: Its slug.
        inputs: As `run_component` takes them.
        input_prefixes: By a value's pk (as text), its path prefix below /input.
    """

    component: str
    inputs: Mapping[str, Any]
    input_prefixes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is known of a run before it is made.

    Attributes:
        job: The newest success of the same work whose outputs are all there, or None.
        why: Why there is none, in the words that follow ``<component> ran:``; "" where there is one, where that was not
            asked, and where the run can't be made: it will itself say why.
    """

    job: ComponentJob | None = None
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class _Registered:
    """A component with what its next job would be pinned to."""

    component: Component
    image: ComponentImage | None
    tarball: Tarball | None
    interfaces: Mapping[str, ComponentInterface]

    def work(self, asked: Asked) -> Work | None:
        """The work, its inputs read and stored; None where it can't be run as asked."""
        if self.image is None:
            return None
        try:
            given, outputs = inputs_of(self.component, self.interfaces, asked.inputs)
            values = read_inputs(self.interfaces, given)
        except InvalidInputs:
            return None
        return Work.made_of(
            self.component, self.image, self.tarball, inputs=values, outputs=outputs, prefixes=asked.input_prefixes
        )


def succeeded(session: Session, keys: Collection[str]) -> dict[str, ComponentJob]:
    """By key, the newest job that has done that work and whose outputs are all still stored.

    However many keys there are, it takes a handful of queries.
    """
    candidates = successes(session, keys)
    found: dict[str, ComponentJob] = {}
    while candidates:
        jobs = load_jobs(session, [ids[0] for ids in candidates.values()])
        kept = renewed_jobs(session, jobs.values())
        for key, (newest, *older) in list(candidates.items()):
            if newest in kept and not lost_outputs(jobs[newest]):
                found[key] = jobs[newest]
            if key in found or not older:
                del candidates[key]
            else:
                candidates[key] = older
    return found


def looked_up(asked: Sequence[Asked], *, explain: bool = False) -> list[Answer]:
    """What is known of each of many runs, in their order.

    Args:
        asked: The runs.
        explain: Whether to say why a run has no earlier success; a few queries for each component.
    """
    with get_site().database.session() as session:
        components = _registered(session, {one.component for one in asked})
    # Outside of the session, since inputs are stored in sessions of their own.
    works = [components[one.component].work(one) if one.component in components else None for one in asked]
    with get_site().database.session() as session:
        jobs = succeeded(session, {work.key for work in works if work is not None})
        why: dict[tuple[str, str], str] = {}
        for slug, registered in components.items() if explain else ():
            missed = [
                work
                for one, work in zip(asked, works, strict=True)
                if one.component == slug and work is not None and work.key not in jobs
            ]
            why |= {(slug, key): text for key, text in explained(session, registered.component, missed).items()}
    return [
        Answer(job=jobs.get(work.key), why=why.get((one.component, work.key), "")) if work is not None else Answer()
        for one, work in zip(asked, works, strict=True)
    ]


def _registered(session: Session, slugs: Collection[str]) -> dict[str, _Registered]:
    try:
        known = find_components(session, slugs)
    except UnknownName:
        known = find_components(session)
    return {slug: _with_versions(session, known[slug]) for slug in slugs if slug in known}


def _with_versions(session: Session, component: Component) -> _Registered:
    slug = component.slug
    return _Registered(
        component=component,
        image=desired_image(session, slug),
        tarball=desired_tarball(session, owner=slug, kind=TarballKind.MODEL) if component.model else None,
        interfaces=find_interfaces(session, component.input_slugs),
    )


def check_refreshed(names: Iterable[str], nodes: Collection[str]) -> None:
    """Refuse to refresh what is not there: a name that is spelt wrongly would otherwise quietly refresh nothing.

    Args:
        names: Paths of nodes, as in ``measure``, ``prepare/denoise`` or, for one run of several, ``segment[2]``.
        nodes: The paths that there are, without the numbers of runs.

    Raises:
        UnknownName: There is no such node; names the nearest one.
    """
    for name in names:
        plain = re.sub(r"\[\d+\]", "", name)
        if plain not in nodes:
            near = get_close_matches(plain, nodes, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"its nodes are {', '.join(nodes)}"
            raise UnknownName(f"the graph has no node '{name}' that could be refreshed; {hint}")


class _Questions:
    """Those of one event loop that wait to be answered together."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Asked, asyncio.Future[Answer]]] = []
        self._task: asyncio.Task[None] | None = None

    async def ask(self, asked: Asked) -> Answer:
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, future))
        if self._task is None:
            self._task = asyncio.create_task(self._answer_all())
        return await future

    async def _answer_all(self) -> None:
        # What is asked while the database is busy is answered by the next question to it.
        try:
            while self._waiting:
                some, self._waiting = self._waiting, []
                try:
                    answers: Sequence[Answer | Exception] = await in_thread(looked_up, [asked for asked, _ in some])
                except Exception as error:  # handed to everyone who asked
                    answers = [error] * len(some)
                for (_, future), answer in zip(some, answers, strict=True):
                    if future.done():  # who asked was cancelled
                        continue
                    if isinstance(answer, Exception):
                        future.set_exception(answer)
                    else:
                        future.set_result(answer)
        finally:
            self._task = None


_questions: RunVar[_Questions] = RunVar("component_flows_questions")


async def find_earlier(
    component: str, inputs: Mapping[str, Any], *, input_prefixes: Mapping[str, str] | None = None
) -> ComponentJob | None:
    """The newest success of the same work whose outputs are all there; None where there is none.

    Everything that is asked at the same time is answered with the same few queries, so that a graph may ask for each
    node as soon as its inputs are known. The run's log says whose outputs are taken.

    Args:
        component: Its slug.
        inputs: As `run_component` takes them; where they are not valid the answer is None.
        input_prefixes: By a value's pk (as text), its path prefix below /input.
    """
    try:
        questions = _questions.get()
    except LookupError:
        questions = _Questions()
        _questions.set(questions)
    asked = Asked(component=component, inputs=inputs, input_prefixes=input_prefixes or {})
    job = (await questions.ask(asked)).job
    if job is not None:
        run_logger().info(DID_NOT_RUN, component, job.id)
    return job
