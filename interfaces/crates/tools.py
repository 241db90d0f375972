"""What runs: components, their container images and models, and the software that runs them, as entities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from interfaces.component import Component
from interfaces.component_images import ComponentImage, repo_tag
from interfaces.crates.contents import CrateFile
from interfaces.crates.definitions import component_yaml, interfaces_yaml
from interfaces.crates.entities import Entities, Reference
from interfaces.crates.people import Person
from interfaces.crates.software import OWN
from interfaces.crates.terms import DEFINITIONS, DOCKER_IMAGE, MODELS
from interfaces.definition import ComponentInterface
from interfaces.jobs import ComponentJob
from interfaces.site import Site
from interfaces.storage.stored_file import StoredFile
from interfaces.tarballs import TARBALL_SUFFIX, Tarball

_ADDRESSES = {"Prefect": "https://www.prefect.io", "Docker Engine": "https://docs.docker.com/engine/"}


def person_entity(entities: Entities, person: Person) -> Reference:
    """Who ran it."""
    return entities.add(person.orcid or "#author", "Person", name=person.name)


def license_entity(entities: Entities, license: str) -> Reference:
    """What may be done with the data: the address of a license, or its name or other words."""
    identifier = license if license.startswith(("http://", "https://")) else "#license"
    return entities.add(identifier, "CreativeWork", name=license, description=f"The license of the data: {license}")


def software_entities(entities: Entities, versions: Mapping[str, str]) -> Reference:
    """The software that ran it, which is the first that is named, as the others are what it needs."""
    others = [
        entities.add(_ADDRESSES[name], "SoftwareApplication", name=name, softwareVersion=version, url=_ADDRESSES[name])
        for name, version in versions.items()
        if name in _ADDRESSES
    ]
    return entities.add(
        "#component-flows",
        "SoftwareApplication",
        name=OWN,
        softwareVersion=versions.get(OWN, "unknown"),
        softwareRequirements=others,
    )


def component_entity(entities: Entities, site: Site, component: Component, job: ComponentJob) -> Reference:
    """A component as its definition file, with the limits and the image that a job ran with."""
    as_run = replace(
        component,
        time_limit=job.time_limit,
        memory_gb=job.requires_memory_gb,
        gpu_type=job.requires_gpu_type,
    )
    model = job.tarball and _model_entity(entities, site, job.tarball)
    # In YAML it is a path, also where the crate names the model by its hash alone.
    path = f"../{MODELS}/{job.tarball.sha256}{TARBALL_SUFFIX}" if job.tarball else None
    place = PurePosixPath(DEFINITIONS, f"{component.slug}.component.yaml")
    return entities.add_file(
        CrateFile.of_bytes(place, component_yaml(as_run, image=job.image.sha256, model=path)),
        ["File", "SoftwareSourceCode"],
        name=component.title,
        description=component.description,
        version=job.image.sha256,
        softwareRequirements=[model] if model else [],
    )


def _model_entity(entities: Entities, site: Site, tarball: Tarball) -> Reference:
    place = PurePosixPath(MODELS, f"{tarball.sha256}{TARBALL_SUFFIX}")
    path = site.store.path(tarball.sha256, suffix=TARBALL_SUFFIX)
    stored = StoredFile(sha256=tarball.sha256, size=tarball.size)
    return entities.add_data_file(CrateFile.of_path(place, path, stored), name=f"Model of {tarball.owner}")


def image_entity(entities: Entities, image: ComponentImage) -> Reference:
    """A container image by its digest."""
    reference = image.registry_reference
    name, _, tag = repo_tag(image.component, image.sha256).partition(":")
    registry, slash, path = reference.partition("@")[0].partition("/")
    return entities.add(
        f"#{image.sha256}",
        "ContainerImage",
        additionalType={"@id": DOCKER_IMAGE},
        name=path if slash else name,
        registry=registry if slash else "none: it was in the container engine only",
        tag=tag,
        sha256=image.sha256.removeprefix("sha256:"),
        identifier=reference,
    )


def interfaces_entity(entities: Entities, interfaces: Mapping[str, ComponentInterface]) -> Reference:
    """The definitions of all interfaces, as one file."""
    ordered = [interfaces[slug] for slug in sorted(interfaces)]
    return entities.add_file(
        CrateFile.of_bytes(PurePosixPath(DEFINITIONS, "interfaces.yaml"), interfaces_yaml(ordered)),
        name="Interfaces",
        description="The types of the values: their kinds, schemas and places",
    )
