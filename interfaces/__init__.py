"""What crosses an edge, and the records and stores behind it. Nothing here knows Prefect."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interfaces.archives import Archive as Archive
    from interfaces.archives import ArchiveCase as ArchiveCase
    from interfaces.archives import create_archive as create_archive
    from interfaces.archives import find_archive as find_archive
    from interfaces.archives import list_archives as list_archives
    from interfaces.component_images import ComponentImage as ComponentImage
    from interfaces.component_images import GPUTypeChoices as GPUTypeChoices
    from interfaces.definition import ComponentInterface as ComponentInterface
    from interfaces.errors import ComponentException as ComponentException
    from interfaces.errors import ValidationError as ValidationError
    from interfaces.evaluations import Evaluation as Evaluation
    from interfaces.evaluations import EvaluationResult as EvaluationResult
    from interfaces.example_value import ComponentInterfaceExampleValue as ComponentInterfaceExampleValue
    from interfaces.graph_run import GraphRun as GraphRun
    from interfaces.import_status import ImportStatusChoices as ImportStatusChoices
    from interfaces.job_manager import ComponentJobManager as ComponentJobManager
    from interfaces.job_status import JobStatus as JobStatus
    from interfaces.jobs import ComponentJob as ComponentJob
    from interfaces.kinds import InterfaceKind as InterfaceKind
    from interfaces.kinds import InterfaceKindChoices as InterfaceKindChoices
    from interfaces.kinds import InterfaceSuperKindChoices as InterfaceSuperKindChoices
    from interfaces.overlays import LookUpTable as LookUpTable
    from interfaces.overlays import OverlaySegment as OverlaySegment
    from interfaces.overlays import OverlaySegmentsMixin as OverlaySegmentsMixin
    from interfaces.previews.making import preview as preview
    from interfaces.previews.record import Preview as Preview
    from interfaces.tarballs import Tarball as Tarball
    from interfaces.value import ComponentInterfaceValue as ComponentInterfaceValue
    from interfaces.value import InterfacesAndValues as InterfacesAndValues

_HOMES = {
    "Archive": "archives",
    "ArchiveCase": "archives",
    "ComponentException": "errors",
    "ComponentImage": "component_images",
    "ComponentInterface": "definition",
    "ComponentInterfaceExampleValue": "example_value",
    "ComponentInterfaceValue": "value",
    "ComponentJob": "jobs",
    "ComponentJobManager": "job_manager",
    "Evaluation": "evaluations",
    "EvaluationResult": "evaluations",
    "GPUTypeChoices": "component_images",
    "GraphRun": "graph_run",
    "ImportStatusChoices": "import_status",
    "InterfaceKind": "kinds",
    "InterfaceKindChoices": "kinds",
    "InterfaceSuperKindChoices": "kinds",
    "InterfacesAndValues": "value",
    "JobStatus": "job_status",
    "LookUpTable": "overlays",
    "OverlaySegment": "overlays",
    "OverlaySegmentsMixin": "overlays",
    "Preview": "previews.record",
    "Tarball": "tarballs",
    "ValidationError": "errors",
    "create_archive": "archives",
    "find_archive": "archives",
    "list_archives": "archives",
    "preview": "previews.making",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that no one waits for SimpleITK or pandas in vain."""
    if name not in _HOMES:
        raise AttributeError(f"module 'interfaces' has no attribute '{name}'")
    return getattr(import_module(f"interfaces.{_HOMES[name]}"), name)
