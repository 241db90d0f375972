"""From a run to the metadata and files of its crate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from interfaces.component import Component
from interfaces.crates.actions import ending, job_action
from interfaces.crates.contents import CrateFile
from interfaces.crates.entities import Entities, Reference
from interfaces.crates.people import Person
from interfaces.crates.records import GraphRecord
from interfaces.crates.steps import Steps
from interfaces.crates.terms import PROCESS_RUN, PROVENANCE_RUN, WORKFLOW_CRATE, WORKFLOW_RUN
from interfaces.crates.tools import (
    component_entity,
    interfaces_entity,
    license_entity,
    person_entity,
    software_entities,
)
from interfaces.crates.values import add_parameters
from interfaces.crates.workflows import workflow_entity
from interfaces.definition import ComponentInterface
from interfaces.jobs import ComponentJob
from interfaces.site import Site

NO_LICENSE = "No license was stated; ask the author before any use"


@dataclass(frozen=True, kw_only=True)
class CrateOptions:
    """What a person says of a crate.

    Attributes:
        author: Who ran it.
        software: The versions of what ran it, by name.
        license: Its address or name.
        with_data: Whether values and models are copied into the crate; else they are named by their hash.
    """

    author: Person
    software: Mapping[str, str]
    license: str = NO_LICENSE
    with_data: bool = True


@dataclass(frozen=True, kw_only=True)
class Definitions:
    """What the run was made of.

    Attributes:
        components: Those that ran, by slug.
        interfaces: All that those, and the graphs, name, by slug.
    """

    components: Mapping[str, Component]
    interfaces: Mapping[str, ComponentInterface]


@dataclass(frozen=True, kw_only=True)
class Crate:
    """A crate, ready to be written.

    Attributes:
        metadata: The file that describes it.
        files: All others, by their places.
    """

    metadata: CrateFile
    files: Mapping[PurePosixPath, CrateFile]


def job_crate(site: Site, job: ComponentJob, definitions: Definitions, options: CrateOptions) -> Crate:
    """The crate of one run of a component (Process Run Crate)."""
    entities = Entities(with_data=options.with_data)
    agent = person_entity(entities, options.author)
    component = definitions.components[job.component]
    tool = component_entity(entities, site, component, job)
    software = software_entities(entities, options.software)
    interfaces_entity(entities, definitions.interfaces)
    action = job_action(entities, job, tool, agent)
    entities.link({"@id": "./"}, "mentions", action)
    entities.describe_root(
        profiles=[PROCESS_RUN],
        **_root(entities, component.title, f"A run of the component '{job.component}'", agent, options, [software]),
    )
    return Crate(metadata=entities.metadata(), files=entities.files)


def graph_crate(site: Site, record: GraphRecord, definitions: Definitions, options: CrateOptions) -> Crate:
    """The crate of one run of a graph (Provenance Run Crate)."""
    entities = Entities(with_data=options.with_data)
    agent = person_entity(entities, options.author)
    graph = record.graph
    workflow = workflow_entity(entities, graph, is_main=True)
    for inner in record.graphs.values():
        workflow_entity(entities, inner, is_main=False)
    software = software_entities(entities, options.software)
    interfaces_entity(entities, definitions.interfaces)
    last = {job.component: job for job in record.jobs.values()}
    tools = {slug: component_entity(entities, site, definitions.components[slug], job) for slug, job in last.items()}
    inputs = add_parameters(entities, workflow, "input", record.inputs)
    outputs = add_parameters(entities, workflow, "output", record.outputs)
    steps = Steps(entities=entities, record=record, tools=tools, agent=agent)
    steps.tell(graph, workflow)
    times = ending(record.started_at, record.completed_at, record.error_message)
    run = entities.add(
        f"#run-{record.id}",
        "CreateAction",
        name=f"Run of {graph.slug}",
        description=_left_out(record) or f"One run of the graph '{graph.slug}'",
        instrument=workflow,
        agent=agent,
        object=inputs,
        result=outputs,
        **times,
    )
    organize = entities.add(
        f"#organize-{record.id}",
        "OrganizeAction",
        name=f"Orchestration of {graph.slug}",
        instrument=software,
        agent=agent,
        object=steps.controls,
        result=run,
        **times,
    )
    for action in (run, organize, *_actions(steps)):
        entities.link({"@id": "./"}, "mentions", action)
    entities.conform(WORKFLOW_CRATE)
    entities.describe_root(
        profiles=[PROCESS_RUN, WORKFLOW_RUN, PROVENANCE_RUN, WORKFLOW_CRATE],
        mainEntity=workflow,
        **_root(entities, graph.title, f"A run of the graph '{graph.slug}'", agent, options, []),
    )
    return Crate(metadata=entities.metadata(), files=entities.files)


def _actions(steps: Steps) -> Iterable[Reference]:
    return [{"@id": f"#job-{job.id}"} for job in {job.id: job for job in steps.record.jobs.values()}.values()]


def _left_out(record: GraphRecord) -> str:
    return "; ".join(f"'{path}' did not run: {why}" for path, why in record.left_out.items())


def _root(
    entities: Entities, title: str, description: str, agent: Reference, options: CrateOptions, mentions: list[Reference]
) -> dict[str, Any]:
    return {
        "name": f"Run of {title}",
        "description": description,
        "license": license_entity(entities, options.license),
        "author": agent,
        "datePublished": datetime.now(UTC).isoformat(timespec="seconds"),
        "about": mentions,
    }
