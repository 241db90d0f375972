"""Run a component once that is not registered, under exactly the limits of a job, in a site that is gone afterwards."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from filelock import FileLock, Timeout

from interfaces.component_images import repo_tag
from interfaces.database.component_records import find_components
from interfaces.database.image_records import list_images
from interfaces.database.interface_records import find_interfaces, save_interface
from interfaces.database.look_up_table_records import find_look_up_tables, save_look_up_table
from interfaces.definition import ComponentInterface
from interfaces.engine import get_engine
from interfaces.errors import ComponentException, ComponentFlowsError, ValidationError
from interfaces.jobs import ComponentJob
from interfaces.settings import settings_in_place
from interfaces.site import Site, get_site
from tasks.collect_outputs import collected
from tasks.create_job import create_job
from tasks.deprovision import deprovisioned
from tasks.execute import executed
from tasks.finish_job import ended
from tasks.holding import held
from tasks.provision import provisioned
from tasks.reap import reaped
from tasks.register import registered
from tasks.validate_inputs import validated

ReadInputs = Callable[[Mapping[str, ComponentInterface]], Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What became of a component that was tried.

    Attributes:
        job: Its job, in its final status.
        error: Why it failed; None for success.
    """

    job: ComponentJob
    error: ComponentException | None = None


@contextmanager
def tried(folder: Path, read_inputs: ReadInputs, *, show: Callable[[str], None]) -> Iterator[Tried]:
    """Run the component of a folder once, without registering anything.

    Args:
        folder: With one component.yaml; interfaces may be in it or registered.
        read_inputs: Gives the inputs by slug, from the interfaces of the component's inputs.
        show: Takes what the container prints.

    Yields:
        What became of it; its outputs can be read until the end of the block.

    Raises:
        DefinitionError: A definition is wrong.
        ImageImportFailed: The image was refused.
        InvalidInputs: `read_inputs` refused what was given.
        EngineError: The engine broke off.
    """
    real = get_site()
    with trial_site(real) as site:
        _carry_over(real, site)
        slug = registered([folder]).components[0]
        try:
            with site.database.session() as session:
                component = find_components(session, [slug])[slug]
                interfaces = find_interfaces(session, component.input_slugs)
            yield _run(slug, read_inputs(interfaces), show)
        finally:
            _untag(real, site, slug)


@contextmanager
def trial_site(real: Site) -> Iterator[Site]:
    """A site with the settings of another one, in which nothing is registered; it is gone at the end.

    Args:
        real: The other one; the folder is in its home. What killed processes left there is removed first.
    """
    trials = real.home / "trials"
    trials.mkdir(parents=True, exist_ok=True)
    _clear_away(real, trials)
    folder = trials / uuid4().hex
    with FileLock(_lock_of(folder)):
        try:
            with _site_in(real, folder) as site:
                yield site
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            _lock_of(folder).unlink(missing_ok=True)


@contextmanager
def _site_in(real: Site, folder: Path) -> Iterator[Site]:
    # No registry, no remote store, no database but its own: nothing of a trial may reach what others use.
    own = {"home": folder, "database_url": None, "storage_url": None, "registry": None, "guardian": False}
    with settings_in_place(real.settings.model_copy(update=own)):
        site = get_site()
        try:
            yield site
        finally:
            site.database.engine.dispose()


def _lock_of(folder: Path) -> Path:
    return folder.with_suffix(".lock")


def _clear_away(real: Site, trials: Path) -> None:
    """Remove what a killed process left: its lock is free."""
    for lock in trials.glob("*.lock"):
        folder = lock.with_suffix("")
        with suppress(Timeout, ComponentFlowsError), FileLock(lock, blocking=False):
            if folder.is_dir():
                with _site_in(real, folder):
                    reaped()
                shutil.rmtree(folder, ignore_errors=True)
            lock.unlink(missing_ok=True)


def _carry_over(real: Site, trial: Site) -> None:
    """Let the trial know the interfaces that are registered."""
    with real.database.session() as session:
        interfaces, tables = find_interfaces(session), find_look_up_tables(session)
    with trial.database.session() as session:
        for table in tables.values():
            save_look_up_table(session, table)
        for interface in interfaces.values():
            save_interface(session, interface)


def _untag(real: Site, trial: Site, slug: str) -> None:
    """Remove the name that keeps the image for jobs, unless it is registered for them."""
    with real.database.session() as session:
        kept = {image.sha256 for image in list_images(session, slug)}
    with trial.database.session() as session:
        images = list_images(session, slug)
    for image in images:
        if image.sha256 not in kept:
            get_engine().remove_image(repo_tag(slug, image.sha256))


def _run(slug: str, given: Mapping[str, Any], show: Callable[[str], None]) -> Tried:
    job = create_job(slug)
    with held(job):
        try:
            job = provisioned(validated(job, given))
            job = collected(_executed(job, show))
        except BaseException as error:
            failure = ended(job, error)
            if not isinstance(error, ComponentException | ValidationError):
                raise
            assert failure.job is not None  # `ended` sets it
            return Tried(job=failure.job, error=failure)
        finally:
            deprovisioned(job)
    return Tried(job=job)


def _executed(job: ComponentJob, show: Callable[[str], None]) -> ComponentJob:
    """Run the container in a thread, so that Ctrl-C stops it as a cancellation does: with its grace."""
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(executed, job, show=show, stop=stop)
        try:
            return running.result()
        except KeyboardInterrupt:
            stop.set()
            raise
