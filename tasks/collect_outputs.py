"""Take a job's outputs out of what its container wrote: hostile until proven valid."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from interfaces import messages
from interfaces.containers.protocol import ContainerEngine
from interfaces.definition import ComponentInterface
from interfaces.engine import get_engine
from interfaces.errors import ComponentException, ValidationError
from interfaces.images.produced import produced_image
from interfaces.job_status import JobStatus
from interfaces.jobs import ComponentJob
from interfaces.json_parsing import parse_json
from interfaces.site import Site, get_site
from interfaces.storage.hostile_tree import HostileTree, TooLarge
from interfaces.storage.job_folder import JobFolder
from interfaces.value import ComponentInterfaceValue
from interfaces.value_creation import create_value
from tasks.in_thread import in_thread
from tasks.naming import output_volume
from tasks.records import moved

MAX_IMAGE_FILES = 1_000
"""A component writes one image; some leave a few files beside it, none a thousand."""


def collected(job: ComponentJob, engine: ContainerEngine | None = None) -> ComponentJob:
    """The succeeded job with its output values.

    Raises:
        ComponentException: An output is missing or invalid; the text is the message for the user.
    """
    site = get_site()
    engine = engine or get_engine()
    if job.status is not JobStatus.PARSING:  # it is where a process died that was collecting
        job = moved(job, JobStatus.PARSING)
    folder = JobFolder.of(site, job.id)
    interfaces = job.output_interfaces
    written = folder.written
    if not written.exists():
        written = engine.read_volume(
            output_volume(job),
            image=job.image.sha256,
            into=folder.output,
            paths=[interface.relative_path for interface in interfaces.values()],
            max_bytes=site.settings.limits.output_bytes,
        )
    # A warm container goes on, and may hold open what it wrote.
    tree = HostileTree(written, writers_gone=job.invoke_duration_s is None)
    outputs = {
        slug: collect_output(site, tree, interface, folder.taken / slug) for slug, interface in interfaces.items()
    }
    return moved(job, JobStatus.SUCCESS, outputs=outputs)


def collect_output(site: Site, tree: HostileTree, interface: ComponentInterface, into: Path) -> ComponentInterfaceValue:
    """Take, check and store one output.

    Args:
        site: Where it is stored.
        tree: What the container wrote.
        interface: The output's interface.
        into: A folder of ours to work in; it is made here.

    Raises:
        ComponentException: It is missing or invalid.
    """
    collect: Callable[[Site, HostileTree, ComponentInterface, Path], ComponentInterfaceValue] = (
        _image if interface.is_image_kind else _json if interface.is_json_kind else _file
    )
    into.mkdir(parents=True)
    return collect(site, tree, interface, into)


def _take(tree: HostileTree, path: str, into: Path, *, max_bytes: int) -> Path:
    try:
        return tree.take_file(path, into, max_bytes=max_bytes)
    except FileNotFoundError as error:
        raise ComponentException(messages.not_produced(path)) from error
    except TooLarge as error:
        raise ComponentException(messages.too_large(path)) from error
    except ValidationError as error:
        raise ComponentException(messages.invalid_file(path, error)) from error


def _json(site: Site, tree: HostileTree, interface: ComponentInterface, into: Path) -> ComponentInterfaceValue:
    path = interface.relative_path
    taken = _take(tree, path, into, max_bytes=site.settings.limits.json_bytes)
    try:
        value = parse_json(taken.read_bytes(), nan_to_null=True)
    except ValidationError as error:
        raise ComponentException(messages.not_json(path)) from error
    try:
        return create_value(interface, value=value)
    except ValidationError as error:
        raise ComponentException(messages.invalid_file(path, error)) from error


def _file(site: Site, tree: HostileTree, interface: ComponentInterface, into: Path) -> ComponentInterfaceValue:
    path = interface.relative_path
    taken = _take(tree, path, into, max_bytes=site.settings.limits.output_bytes)
    try:
        return create_value(interface, file=taken, move=True)
    except ValidationError as error:
        raise ComponentException(messages.invalid_file(path, error)) from error


def _image(site: Site, tree: HostileTree, interface: ComponentInterface, into: Path) -> ComponentInterfaceValue:
    path = interface.relative_path
    try:
        tree.take_folder(path, into, max_bytes=site.settings.limits.output_bytes, max_entries=MAX_IMAGE_FILES)
        image = produced_image(into, relative_path=path)
    except FileNotFoundError as error:
        raise ComponentException(messages.empty_directory(path)) from error
    except TooLarge as error:
        raise ComponentException(messages.too_large(path)) from error
    except ValidationError as error:
        raise ComponentException(str(error)) from error
    try:
        return create_value(interface, image=image)
    except ValidationError as error:
        raise ComponentException(messages.invalid_image(path, error)) from error


@task(name="collect outputs", task_run_name="collect outputs", cache_policy=NO_CACHE)
async def collect_outputs(job: ComponentJob) -> ComponentJob:
    """Check and store the outputs; see `collected`."""
    return await in_thread(collected, job)
