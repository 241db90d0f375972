"""Records that tests need to start from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from interfaces.component import Component, ImageSource, InterfaceSet
from interfaces.component_images import ComponentImage
from interfaces.database.component_records import save_component, save_image
from interfaces.database.job_records import save_job
from interfaces.definition import ComponentInterface
from interfaces.job_status import JobStatus
from interfaces.jobs import ComponentJob
from interfaces.kinds import InterfaceKindChoices
from interfaces.site import Site

SHA256 = "sha256:" + "a" * 64


def an_interface(**changes) -> ComponentInterface:
    fields = {"title": "Number of lesions", "kind": InterfaceKindChoices.INTEGER, "relative_path": "lesions.json"}
    return ComponentInterface(**{**fields, **changes})


def a_component(**changes) -> Component:
    fields = {
        "title": "Lesion counter",
        "slug": "lesion-counter",
        "image": ImageSource(reference="lesion-counter:1"),
        "interfaces": (InterfaceSet(inputs=("scan",), outputs=("lesions",)),),
    }
    return Component(**{**fields, **changes})


def a_stored_image(site: Site, component: Component, sha256: str = SHA256) -> ComponentImage:
    with site.database.session() as session:
        save_component(session, component)
        return save_image(
            session, component=component.slug, sha256=sha256, source="here", fingerprint=sha256, user="1000", size=1
        )


def a_job(image: ComponentImage, **changes) -> ComponentJob:
    return ComponentJob(
        component=image.component, image=image, **{"time_limit": 60, "requires_memory_gb": 1, **changes}
    )


def a_finished_job(
    site: Site,
    image: ComponentImage,
    *,
    seconds: float,
    status: JobStatus = JobStatus.SUCCESS,
    created: datetime | None = None,
) -> ComponentJob:
    created = created or datetime.now(UTC)
    start = created + timedelta(seconds=2)
    job = a_job(image, created=created).moved_to(JobStatus.PROVISIONING, started_at=start)
    for step in (JobStatus.PROVISIONED, JobStatus.EXECUTING, JobStatus.EXECUTED, JobStatus.PARSING):
        job = job.moved_to(step)
    job = job.moved_to(status, completed_at=start + timedelta(seconds=seconds))
    with site.database.session() as session:
        save_job(session, job)
    return job
