"""The names that crates are made of: profiles, types, terms and places."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

CRATE_VERSION = "1.1"
"""The version of RO-Crate that the profiles are written for."""

METADATA = "ro-crate-metadata.json"
MAIN_WORKFLOW = "graph.yaml"
DEFINITIONS, VALUES, MODELS, METRICS = "definitions", "values", "models", "metrics"

PROCESS_RUN = "https://w3id.org/ro/wfrun/process/0.5"
WORKFLOW_RUN = "https://w3id.org/ro/wfrun/workflow/0.5"
PROVENANCE_RUN = "https://w3id.org/ro/wfrun/provenance/0.5"
WORKFLOW_CRATE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
FORMAL_PARAMETER = "https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"
COMPUTATIONAL_WORKFLOW = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"

PROFILES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        PROCESS_RUN: ("Process Run Crate", "0.5"),
        WORKFLOW_RUN: ("Workflow Run Crate", "0.5"),
        PROVENANCE_RUN: ("Provenance Run Crate", "0.5"),
        WORKFLOW_CRATE: ("Workflow RO-Crate", "1.0"),
    }
)
"""Title and version of each profile by its address."""

_WORKFLOW_RUN_TERMS = "https://w3id.org/ro/terms/workflow-run#"
DOCKER_IMAGE = f"{_WORKFLOW_RUN_TERMS}DockerImage"

TERMS: Mapping[str, str] = MappingProxyType(
    {
        name: f"{_WORKFLOW_RUN_TERMS}{name}"
        for name in (
            "ContainerImage",
            "ParameterConnection",
            "connection",
            "containerImage",
            "registry",
            "resourceUsage",
            "sha256",
            "sourceParameter",
            "tag",
            "targetParameter",
        )
    }
)
"""What the context of RO-Crate 1.1 lacks; given in place, so that reading a crate needs no network for it."""

COMPLETED, FAILED = "http://schema.org/CompletedActionStatus", "http://schema.org/FailedActionStatus"
