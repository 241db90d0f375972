"""From what a person hands in to checked, stored input values; all problems at once."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import fsspec
from prefect import task
from prefect.cache_policies import NO_CACHE

from interfaces.access import check_uri, is_limited
from interfaces.access_files import readable
from interfaces.cache_keys import Work
from interfaces.component import Component
from interfaces.database.component_records import find_components
from interfaces.database.interface_records import find_interfaces
from interfaces.definition import ComponentInterface
from interfaces.errors import ComponentFlowsError, InvalidInputs, ValidationError
from interfaces.job_status import JobStatus
from interfaces.jobs import ComponentJob
from interfaces.secrets import without_secrets
from interfaces.secrets_of_services import storage_options
from interfaces.settings import get_settings
from interfaces.site import get_site
from interfaces.storage.links import link_folder, link_or_copy
from interfaces.value import ComponentInterfaceValue, find_values
from tasks.in_thread import in_thread
from tasks.records import moved, saved


def read_input(interface: ComponentInterface, given: Any) -> ComponentInterfaceValue:
    """Make a value of what a person handed in.

    Args:
        interface: The registered interface.
        given: A JSON value; a path or URI (text or `Path`) for image and file kinds; a `Path` for JSON kinds too; a
            stored value, also that of another job or as the object that a run's parameters show.

    Returns:
        The stored value.

    Raises:
        ValidationError: It does not fit the interface.
    """
    if isinstance(given, ComponentInterfaceValue):
        return _hand_on(interface, given)
    if isinstance(given, Mapping) and {"pk", "sha256", "interface"} <= set(given):
        return _hand_on(interface, _stored(given["pk"]))
    if interface.is_json_kind and not isinstance(given, Path):
        return interface.create_instance(value=given)
    if not isinstance(given, str | Path):
        raise ValidationError(
            f"a {interface.kind.label} is given as a path or URI, not as {type(given).__name__} {given!r:.60}"
        )
    if isinstance(given, str) and "://" in given:
        return _fetch(interface, given)
    with readable(Path(given)) as path:
        return _from_path(interface, path)


def _from_path(interface: ComponentInterface, path: Path) -> ComponentInterfaceValue:
    return interface.create_instance(image=path) if interface.is_image_kind else interface.create_instance(file=path)


def _stored(pk: int) -> ComponentInterfaceValue:
    with get_site().database.session() as session:
        return find_values(session, [pk])[pk]


def _hand_on(interface: ComponentInterface, value: ComponentInterfaceValue) -> ComponentInterfaceValue:
    if value.interface.slug == interface.slug:
        return value
    if interface.is_json_kind and value.interface.is_json_kind:
        return interface.create_instance(value=value.value)
    if value.path is None or interface.is_json_kind:
        raise ValidationError(
            f"a value of '{value.interface.slug}' ({value.interface.kind.label}) can't be a {interface.kind.label}"
        )
    # What is stored is named after its content; the value keeps the name that it had.
    with get_site().scratch() as folder:
        named = folder / (value.name or f"file{value.suffix}")
        place = link_folder if value.is_folder else link_or_copy
        place(value.path, named)
        return _from_path(interface, named)


def _fetch(interface: ComponentInterface, uri: str) -> ComponentInterfaceValue:
    if is_limited():
        check_uri(uri)
    name = Path(urlsplit(uri).path).name or "file"
    with get_site().scratch() as folder:
        try:
            filesystem, remote = fsspec.core.url_to_fs(uri, **_driver_options(uri))
            if interface.is_image_kind and filesystem.isdir(remote):  # of DICOM files
                filesystem.get(remote.rstrip("/") + "/", f"{folder / name}/", recursive=True)
            else:
                filesystem.get_file(remote, str(folder / name))
        except Exception as error:  # drivers raise what they like
            raise ValidationError(f"{uri} can't be fetched: {str(error) or type(error).__name__}") from error
        return _from_path(interface, folder / name)


def _driver_options(uri: str) -> dict[str, Any]:
    scheme = uri.partition("://")[0].lower()
    if scheme == "s3":
        endpoint = get_settings().storage.endpoint_url
        return {**({"endpoint_url": endpoint} if endpoint else {}), **storage_options()}
    if scheme in {"http", "https"} and is_limited():
        return {"max_redirects": 1}  # the first is one too many for aiohttp: what is allowed must not lead elsewhere
    return {}


def read_inputs(
    interfaces: Mapping[str, ComponentInterface], given: Mapping[str, Any]
) -> dict[str, ComponentInterfaceValue]:
    """Make values of all inputs.

    Args:
        interfaces: The interface of each input by its name.
        given: What was handed in by the same names.

    Raises:
        InvalidInputs: One or more do not fit; holds all problems.
    """
    values: dict[str, ComponentInterfaceValue] = {}
    problems: dict[str, str] = {}
    for name, one in given.items():
        try:
            values[name] = read_input(interfaces[name], one)
        except (ValidationError, ComponentFlowsError, OSError) as error:
            problems[name] = without_secrets(str(error))
    if problems:
        raise InvalidInputs(problems)
    return values


def inputs_of(
    component: Component, interfaces: Mapping[str, ComponentInterface], given: Mapping[str, Any]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Pick the set of inputs and outputs, and fill in default values.

    Returns:
        The inputs by slug, defaults included, and the slugs of the outputs.

    Raises:
        InvalidInputs: A slug is no input of the component, or no set fits.
    """
    problems = {
        slug: f"is no input of '{component.slug}'{_hint(slug, component)}"
        for slug in given
        if slug not in component.input_slugs
    }
    if problems:
        raise InvalidInputs(problems)
    defaults = {slug: one.default_value for slug, one in interfaces.items() if one.default_value is not None}
    try:
        picked = component.pick_set(given, with_default=defaults)
    except ValidationError as error:
        missing = sorted(component.input_slugs - set(given) - set(defaults))
        raise InvalidInputs(dict.fromkeys(missing or ["inputs"], f"is missing; {error}")) from error
    return {**{slug: defaults[slug] for slug in picked.inputs if slug not in given}, **given}, picked.outputs


def _hint(slug: str, component: Component) -> str:
    near = get_close_matches(slug, component.input_slugs, n=1)
    return f"; did you mean '{near[0]}'?" if near else f"; its inputs are {', '.join(sorted(component.input_slugs))}"


def validated(job: ComponentJob, given: Mapping[str, Any]) -> ComponentJob:
    """The job with its input values, all of them valid and stored.

    Raises:
        InvalidInputs: One or more are not; holds all problems.
    """
    job = moved(job, JobStatus.VALIDATING_INPUTS)
    with get_site().database.session() as session:
        component = find_components(session, [job.component])[job.component]
        interfaces = find_interfaces(session, component.input_slugs)
    inputs, outputs = inputs_of(component, interfaces, given)
    job = job.changed(inputs=read_inputs(interfaces, inputs), output_slugs=outputs)
    return saved(job.changed(cache_key=Work.of(job, component).key))


@task(name="validate inputs", task_run_name="validate inputs", cache_policy=NO_CACHE)
async def validate_inputs(job: ComponentJob, given: Mapping[str, Any]) -> ComponentJob:
    """Check and store the inputs; see `validated`."""
    return await in_thread(validated, job, given)
